import { statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { dirname } from 'node:path';
import { existsSync } from 'node:fs';
import { Problem } from '../../contract/problem.ts';
import { countParameters } from '../../nn/build.ts';
import type { PreparedRun } from './prepare.ts';

const FLOAT = 4;
/** Weights, gradient and two moments of the student; weights and moments of a checkpoint. */
const TRAINED_TENSORS = 4;
const SAVED_TENSORS = 3;

/** Bytes the checkpoints of a run will take at most, and bytes free where they go. */
export async function diskForecast({ student, recipe }: PreparedRun, runDir: string): Promise<{ needed: number; free: number }> {
  const { bavail, bsize } = await statfs(existingParent(runDir));
  // One more than is kept exists while the newest is written.
  const most = recipe.checkpoint.keep + (recipe.evaluate.best === undefined ? 0 : 1) + 1;
  return { needed: countParameters(student.parameters) * FLOAT * SAVED_TENSORS * most, free: bavail * bsize };
}

/** Refuses what can be seen not to fit: parameters beyond the machine's memory, checkpoints beyond the disk. */
export async function checkResources(run: PreparedRun, runDir: string): Promise<void> {
  const { student, teacher } = run;
  const own = countParameters(student.parameters) * FLOAT;
  const memory = own * TRAINED_TENSORS + (teacher ? countParameters(teacher.parameters) * FLOAT : 0);
  if (memory > totalmem()) {
    throw new Problem(`The models need ${gib(memory)} of memory before any text, and this machine has ${gib(totalmem())}.`, {
      hint: 'Choose smaller models.',
    });
  }
  const { needed, free } = await diskForecast(run, runDir);
  if (needed > free) {
    throw new Problem(`Checkpoints will take ${gib(needed)} at ${runDir}, and ${gib(free)} are free.`, {
      hint: 'Free some space, lower checkpoint.keep, or choose another --run-dir.',
    });
  }
}

function existingParent(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : existingParent(dirname(path));
}

function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
