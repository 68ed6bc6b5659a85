import type { TrainingExample } from '../../src-main/distill/batch.ts';
import type { DataExample } from '../../src-main/distill/trainer.ts';

type Text = Omit<TrainingExample, 'isOnPolicy'>;

/** Texts as a trainer gets them: whoever does not write to a prompt learns what stands behind it. */
export function dataExamples(texts: readonly Text[]): Promise<DataExample[]> {
  return Promise.resolve(texts.map(({ index, prompt, ...text }) => ({ index, prompt, given: { index, prompt, ...text } })));
}
