import type { RunRecord } from '../../../src-main/contract/history.ts';
import { Problem } from '../../../src-main/contract/problem.ts';
import { shotsApart } from '../../../src-main/contract/shots.ts';
import type { Bridge } from '../../bridge/bridge.ts';
import { EMPTY_RECIPE } from '../../state/draft.svelte.ts';

/** Most corrections learned from in one step. */
const BATCH = 32;

/**
 * A draft of a run that learns from corrections: of the models that the last one was kept of, by the method and the
 * limits of a run with the same teacher where there is one. @returns its id
 */
export async function draftOfCorrections(bridge: Bridge, dataset: string, runs: readonly RunRecord[]): Promise<string> {
  const set = (await bridge.call('corrections.sets', null)).find(({ name }) => name === dataset);
  if (!set) throw new Problem(`There are no corrections in "${dataset}" any more.`);
  const [last] = await bridge.call('corrections.list', { dataset, offset: set.count - 1, limit: 1 });
  const { path, isChat } = await bridge.call('corrections.export', { dataset });
  const base = runs.find(({ recipe }) => recipe.teacher?.model === last?.teacher)?.recipe;
  const draft = await bridge.call('drafts.save', {
    id: null, title: dataset, page: 'review',
    recipe: {
      ...EMPTY_RECIPE, name: dataset,
      ...(last && { teacher: { model: last.teacher }, student: { model: last.student } }),
      data: {
        train: path, ...(isChat ? { messages: 'messages' } : { prompt: '{{prompt}}', completion: '{{completion}}' }),
        ...(base?.data.shots && !isChat && { shots: shotsApart(base.data) }),
        ...(base && { maxPromptTokens: base.data.maxPromptTokens, maxCompletionTokens: base.data.maxCompletionTokens }),
      },
      ...(base && { method: base.method }),
      train: { epochs: 1, batchSize: Math.min(BATCH, set.count), ...(base && { learningRate: base.train.learningRate }) },
    },
  });
  return draft.id;
}
