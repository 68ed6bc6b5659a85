import type { Correction } from '../../../src-main/contract/correction.ts';
import type { RunRecord } from '../../../src-main/contract/history.ts';
import type { Bridge } from '../../bridge/bridge.ts';

/** A correction and what the run's student writes to its prompt by now. */
export interface TriedCorrection { correction: Correction; now: string; isLearned: boolean }

/** Corrections that are tried at once. */
export const TRIED = 8;

/** Lets the student of a run's last checkpoint write to the prompts of corrections, greedily, each told when it is written. */
export async function tryCorrections(bridge: Bridge, { recipe: { data }, checkpoint }: RunRecord, corrections: readonly Correction[], onTried: (tried: TriedCorrection) => void): Promise<void> {
  for (const correction of corrections.slice(0, TRIED)) {
    // One turn of a person's is a chat prompt; a longer conversation is asked as its template wrote it.
    const turn = correction.turns?.length === 1 ? correction.turns[0] : undefined;
    const { text } = await bridge.call('models.generate', {
      model: `${checkpoint!.path}/model`, prompt: turn?.content ?? correction.prompt, chat: turn !== undefined, ...(turn && data.template && { template: data.template }),
      maxNewTokens: data.maxCompletionTokens, decode: { strategy: 'greedy' }, seed: 0,
    });
    onTried({ correction, now: text, isLearned: text.trim() === correction.completion.trim() });
  }
}
