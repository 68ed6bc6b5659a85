import type { InspectedSample } from '../../../src-main/contract/inspection.ts';
import type { Bridge } from '../../bridge/bridge.ts';

/** A text that a correction can begin with. */
export interface CorrectionText { name: string; text: string }

/**
 * What could stand instead of a student's text: the teacher from its first fork, from the place looked at, or from the
 * start, and the reference. The first fork comes first: from a later one on, the earlier mistakes would be kept.
 */
export async function correctionTexts(bridge: Bridge, sample: InspectedSample, position: number): Promise<CorrectionText[]> {
  const first = sample.forks[0]?.position ?? position;
  const from = async (name: string, at: number): Promise<CorrectionText> => {
    const { teacher } = await bridge.call('inspections.goOn', { sampleId: sample.id, position: at, token: null });
    return { name, text: sample.tokens.slice(0, at).map(({ text }) => text).join('') + teacher };
  };
  const texts = [await from('The teacher from the first fork', first)];
  if (position !== first) texts.push(await from('The teacher from here', position));
  if (first !== 0 && position !== 0) texts.push(await from('The teacher\'s whole answer', 0));
  if (sample.reference !== null) texts.push({ name: 'The reference', text: sample.reference });
  return texts.filter(({ text }, at) => text !== '' && texts.findIndex((other) => other.text === text) === at);
}

/** Whether a text ends otherwise than its reference: in another last word, which is where most answers stand. */
export const endsOtherwise = (text: string, reference: string | null): boolean => reference !== null && lastWord(text) !== lastWord(reference);

const lastWord = (text: string): string => text.trim().split(/[\s;]+/).at(-1)?.replace(/[.!]+$/, '').toLowerCase() ?? '';
