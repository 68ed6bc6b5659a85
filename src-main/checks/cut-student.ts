import { basename } from 'node:path';
import type { Mend } from '../contract/finding.ts';
import { fineTuneFirst } from '../contract/fine-tune-first.ts';
import type { Recipe } from '../contract/recipe.ts';
import { readOrigin } from '../model/student-origin.ts';
import { check, notice } from './check.ts';

/** With this share of the teacher's layers what is left still writes, if badly: of SmolLM2's 30 layers 24 do and 22 do not. */
const WRITES = 0.8;

/** A student that was cut from its teacher learns to write before it learns from what it writes. */
export const cutStudent = check('cut-student', ['recipe', 'method', 'student'], async ({ recipe, method, student }) => {
  // Checkpoints do not carry this on: who has it has not been trained since.
  const origin = await readOrigin(student.folder.path);
  if (!origin || method.lambda === 0 || origin.layers.length >= WRITES * origin.of) return;
  const { madeFrom, layers, of } = origin;
  const hasAnswers = recipe.data.completion !== undefined || recipe.data.messages !== undefined;
  return [notice('cut-student', {
    field: 'student.model',
    message: `The student is ${layers.length} of ${of} layers of ${basename(madeFrom)} and has not been trained since: most likely it cannot write yet, `
      + 'and there is little to learn from its own text.',
    hint: `Fine-tune it first${hasAnswers ? '' : ', on what the teacher writes (seqkd)'}, as a stage of the same run, and distil what comes of that.`,
    mend: fineTuningFirst(recipe),
  })];
});

/** Puts a stage before all else in which the student learns to write. */
export const fineTuningFirst = (recipe: Recipe): Mend => ({ label: 'Fine-tune first', ...fineTuneFirst(recipe) });
