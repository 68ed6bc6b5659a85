import { freemem, totalmem } from 'node:os';
import type { Method } from '../contract/presets.ts';
import type { Recipe } from '../contract/recipe.ts';
import { Problem } from '../contract/problem.ts';
import { countParameters } from '../nn/build.ts';
import { bytesKept, keptWeights } from '../model/frozen/kept.ts';
import type { Model } from '../model/load-model.ts';
import { check, notice } from './check.ts';
import { bytesText } from './bytes-text.ts';

const FLOAT = 4;
/** Weights and gradient of the student. */
const TRAINED = 2;
/** AdamW's two moments; Adafactor keeps rows and columns, next to nothing. */
const MOMENTS = { adamw: 2, adafactor: 0 } as const;
/** Bytes that a run of the smallest model takes: the runtime, its graphs and one micro-batch. Measured with models of 1M to 600M. */
const BASE = 0.7 * 2 ** 30;

/** Bytes that the models of a run take, by part, before any text. */
function memoryOf({ recipe, method, student, teacher }: { recipe: Recipe; method: Method; student: Model; teacher: Model | null }): number {
  const weights = countParameters(student.parameters);
  // What writes text has its weights packed for that: a second copy.
  const writes = method.lambda > 0 || recipe.evaluate.metrics.length > 0 ? 1 : 0;
  return weights * FLOAT * (TRAINED + MOMENTS[recipe.train.optimizer] + writes)
    + (teacher && recipe.teacher ? teacherBytes(teacher, recipe.teacher) : 0) + BASE;
}

/** What of a teacher is read from its file counts as well: it has to be there to be fast. */
function teacherBytes({ folder, parameters }: Model, { precision, device }: NonNullable<Recipe['teacher']>): number {
  const { mapped, own } = bytesKept(keptWeights(folder, parameters, { precision, readsStored: device === 'cpu' }));
  return mapped + own;
}

/** The models of a run fit into this machine's memory, and into what of it is free. */
export const memory = check('memory', ['recipe', 'method', 'student', 'teacher'], (run) => {
  const needed = memoryOf(run);
  if (needed > totalmem()) {
    throw new Problem(`The models need ${bytesText(needed)} of memory before any text, and this machine has ${bytesText(totalmem())}.`, {
      hint: 'Choose smaller models.',
    });
  }
  const free = freeMemory();
  if (needed <= free) return;
  return [notice('memory', {
    message: `The models need ${bytesText(needed)} of memory before any text, and ${bytesText(free)} of ${bytesText(totalmem())} are free.`,
    hint: 'Close other programs first, or choose smaller models.',
  })];
});

/** What may be had without pushing out another program; macOS fills its memory with what it can drop, and does not say how much that is. */
export const freeMemory = (): number => (process.platform === 'darwin' ? totalmem() : freemem());
