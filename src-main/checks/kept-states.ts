import { bytesText } from '../contract/bytes-text.ts';
import { keptBytes } from '../forecast/kept-bytes.ts';
import { check, notice } from './check.ts';

/** What a teacher will keep of fixed texts, and for how long: on the disk, until somebody deletes it. */
export const keptStates = check('kept-states', ['recipe', 'method', 'teacher', 'train', 'validation'], (had) => {
  const bytes = keptBytes(had);
  if (bytes === 0) return;
  const isExact = had.recipe.teacher?.cache === 'fp32';
  return [notice('kept-states', {
    field: 'teacher.cache',
    message: `What the teacher thinks of the fixed texts will take ${bytesText(bytes)} on the disk, in the data folder under cache/teachers, less what is there already. It stays for later runs.`,
    ...(isExact && { mend: { label: 'Keep it in fp16, half of that', patch: { teacher: { cache: true } } } }),
  })];
});
