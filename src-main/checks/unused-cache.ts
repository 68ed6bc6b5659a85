import { lambdaAt } from '../distill/mixture.ts';
import { check, notice } from './check.ts';

/** What a teacher keeps of fixed texts is read by somebody. */
export const unusedCache = check('unused-cache', ['recipe', 'method'], ({ recipe: { teacher }, method }) => {
  if (!teacher || teacher.cache === false) return;
  const why = method.divergence === 'cross_entropy' ? `the method ${method.preset} does not ask the teacher about them`
    : lambdaAt(method, 1) >= 1 ? 'lambda is 1, so that the student learns from its own text alone' : null;
  if (why === null) return;
  return [notice('unused-cache', {
    field: 'teacher.cache',
    message: `The teacher keeps what it thinks of the fixed texts (teacher.cache), and ${why}: training does not get faster or smaller by it.`,
    mend: { label: 'Keep nothing', patch: { teacher: { cache: false } } },
  })];
});
