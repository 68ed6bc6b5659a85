import type { InspectedSample, Inspection } from '../../../src-main/contract/inspection.ts';
import { Problem } from '../../../src-main/contract/problem.ts';
import type { Bridge } from '../../bridge/bridge.ts';
import type { SampleList } from '../../state/sample-list.svelte.ts';
import { endsOtherwise } from './correction-texts.ts';

/** What became of a sample whose teacher's text was to be kept. */
export type Kept = 'kept' | 'known' | 'otherwise' | 'no fork';

/** Keeps what the teacher would have written from a sample's first fork on, unless that does not end as the reference does. */
export async function keepTeachersText(bridge: Bridge, inspection: Inspection, sample: InspectedSample, dataset: string): Promise<Kept> {
  const first = sample.forks[0]?.position;
  if (first === undefined) return 'no fork';
  const { teacher: rest } = await bridge.call('inspections.goOn', { sampleId: sample.id, position: first, token: null });
  const completion = sample.tokens.slice(0, first).map(({ text }) => text).join('') + rest;
  if (completion === '' || endsOtherwise(completion, sample.reference)) return 'otherwise';
  const { prompt, turns, source = null, completion: written } = sample;
  const { teacher, student } = inspection;
  try {
    await bridge.call('corrections.keep', { dataset, prompt, turns, source, completion, written, teacher, student });
    return 'kept';
  } catch (error) {
    if (error instanceof Problem && error.message.includes('already')) return 'known';
    throw error;
  }
}

/** The same for every sample of a list, in its order. @param isOver  asked before each whether to stop */
export async function keepAll(bridge: Bridge, inspection: Inspection, list: SampleList, dataset: string, isOver: () => boolean, onDone: (done: number) => void): Promise<Record<Kept, number>> {
  const counts: Record<Kept, number> = { 'kept': 0, 'known': 0, 'otherwise': 0, 'no fork': 0 };
  for (let at = 0; at < (list.total ?? 0) && !isOver(); at++) {
    const row = await list.fetch(at);
    if (row) counts[await keepTeachersText(bridge, inspection, await bridge.call('inspections.sample', { sampleId: row.id }), dataset)]++;
    onDone(at + 1);
  }
  return counts;
}
