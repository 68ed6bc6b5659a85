import type { Commands } from '../contract/worker.ts';
import type { Params, Result } from '../contract/worker-host.ts';
import { compareTokenizers } from '../text/tokenizer/compare-tokenizers.ts';
import { describeModel } from '../model/show.ts';
import { openWholeModel } from '../model/load-model.ts';
import { alignModels } from '../model/align-models.ts';
import { sharedVocabulary, unsharedTokens } from '../model/model-pair.ts';

/** Whether a student can learn from a teacher, in words; nothing is refused here. */
export async function checkPair({ teacher, student }: Params<Commands, 'pair'>): Promise<Result<Commands, 'pair'>> {
  const [described, models] = await Promise.all([
    Promise.all([describeModel(teacher), describeModel(student)]),
    Promise.all([openWholeModel(teacher), openWholeModel(student)]),
  ]);
  const [large, small] = described;
  const warnings: string[] = [];
  const ends = new Set(large.tokenizer.eos.map(({ id }) => id));
  const differences = compareTokenizers(models[0].tokenizer, models[1].tokenizer);
  if (differences.length === 0 && !small.tokenizer.eos.some(({ id }) => ends.has(id))) {
    warnings.push('Teacher and student end their texts with different tokens: the student may never learn to stop.');
  }
  const unshared = differences.length > 0 ? null : unsharedTokens({ teacher: models[0], student: models[1] });
  if (unshared !== null) warnings.push(unshared);
  if (small.parameters > large.parameters) warnings.push('The student is larger than the teacher.');
  if (large.hasChatTemplate !== small.hasChatTemplate) {
    warnings.push(`Only the ${large.hasChatTemplate ? 'teacher' : 'student'} has a chat template.`);
  }
  return {
    teacher: large, student: small, warnings,
    sharedVocabulary: differences.length > 0 ? (await alignModels(models[1], models[0], false)).families.shared : sharedVocabulary(models),
    differences,
  };
}
