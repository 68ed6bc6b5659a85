import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { Problem } from '../contract/problem.ts';
import type { Recipe } from '../contract/recipe.ts';
import { freeBytes } from '../files/disk-space.ts';
import { countParameters } from '../nn/build.ts';
import type { TrainedAdapter } from '../model/adapter/trained-adapter.ts';
import { adapterParameters } from '../nn/weights/adapted.ts';
import type { Model } from '../model/load-model.ts';
import { bytesText } from '../contract/bytes-text.ts';
import { check } from './check.ts';

const FLOAT = 4;
/** Weights and two moments. */
const SAVED_TENSORS = 3;

/** Bytes the checkpoints of a run will take at most, and bytes free where they go. */
export async function diskForecast({ student, adapter, recipe }: { student: Model; adapter: TrainedAdapter | null; recipe: Recipe }, runDir: string): Promise<{ needed: number; free: number }> {
  // One more than is kept exists while the newest is written.
  const most = recipe.checkpoint.keep + (recipe.evaluate.best === undefined ? 0 : 1) + 1;
  const trained = countParameters(adapter ? adapterParameters(adapter.adapters) : student.parameters);
  return { needed: trained * FLOAT * SAVED_TENSORS * most, free: await freeBytes(existingParent(runDir)) };
}

/** The checkpoints of a run fit onto the disk. */
export const disk = check('disk', ['recipe', 'student', 'adapter', 'runDir'], async ({ recipe, student, adapter, runDir }) => {
  const { needed, free } = await diskForecast({ recipe, student, adapter }, runDir);
  if (needed <= free) return;
  throw new Problem(`Checkpoints will take ${bytesText(needed)} at ${runDir}, and ${bytesText(free)} are free.`, {
    hint: 'Free some space, lower checkpoint.keep, or choose another --run-dir.',
  });
});

function existingParent(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : existingParent(dirname(path));
}
