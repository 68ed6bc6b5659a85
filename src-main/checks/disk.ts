import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { Problem } from '../contract/problem.ts';
import { freeBytes } from '../files/disk-space.ts';
import { countParameters } from '../nn/build.ts';
import type { TrainedAdapter } from '../model/adapter/trained-adapter.ts';
import { adapterParameters } from '../nn/weights/adapted.ts';
import type { Model } from '../model/load-model.ts';
import { bytesText } from '../contract/bytes-text.ts';
import { keptBytes, type KeptInputs } from '../forecast/kept-bytes.ts';
import { check } from './check.ts';

const FLOAT = 4;
/** Weights and two moments. */
const SAVED_TENSORS = 3;

/** Bytes the checkpoints of a run will take at most, with what its teacher keeps, and bytes free where checkpoints go. */
export async function diskForecast({ student, adapter, recipe, ...rest }: { student: Model; adapter: TrainedAdapter | null } & KeptInputs, runDir: string): Promise<{ needed: number; kept: number; free: number }> {
  // One more than is kept exists while the newest is written.
  const most = recipe.checkpoint.keep + (recipe.evaluate.best === undefined ? 0 : 1) + 1;
  const trained = countParameters(adapter ? adapterParameters(adapter.adapters) : student.parameters);
  const kept = keptBytes({ recipe, ...rest });
  return { needed: trained * FLOAT * SAVED_TENSORS * most + kept, kept, free: await freeBytes(existingParent(runDir)) };
}

/** What a run writes fits onto the disk. */
export const disk = check('disk', ['recipe', 'method', 'student', 'adapter', 'teacher', 'train', 'validation', 'runDir'], async ({ runDir, ...had }) => {
  const { needed, kept, free } = await diskForecast(had, runDir);
  if (needed <= free) return;
  const checkpoints = `Checkpoints will take ${bytesText(needed - kept)} at ${runDir}`;
  throw new Problem(`${checkpoints}${kept === 0 ? '' : `, what the teacher keeps of the fixed texts ${bytesText(kept)}`}, and ${bytesText(free)} are free.`, {
    hint: `Free some space, lower checkpoint.keep, ${kept === 0 ? '' : 'leave teacher.cache out, '}or choose another --run-dir.`,
  });
});

function existingParent(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : existingParent(dirname(path));
}
