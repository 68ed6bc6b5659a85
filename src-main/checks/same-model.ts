import { realpath } from 'node:fs/promises';
import { check, notice } from './check.ts';

/** A student learns nothing from itself. */
export const sameModel = check('same-model', ['recipe', 'method', 'student', 'teacher'], async ({ method, student, teacher }) => {
  if (!teacher || method.preset === 'self-distill' || await realpath(teacher.folder.path) !== await realpath(student.folder.path)) return;
  return [notice('same-model', {
    field: 'teacher.model', message: 'Teacher and student are the same model: they agree at every token, so there is nothing to learn at first.',
    hint: 'Choose a larger teacher. If this is meant, use the method self-distill.',
    mend: { label: 'Use self-distill', patch: { method: { preset: 'self-distill' } } },
  })];
});
