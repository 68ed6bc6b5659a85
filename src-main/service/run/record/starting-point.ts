import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Problem } from '../../../contract/problem.ts';
import { openModel } from '../../../model/folder.ts';
import { SafetensorsFile } from '../../../model/safetensors-read.ts';
import { listStepFolders, modelOf, type Checkpoint } from '../../../run-folder/checkpoint-folder.ts';
import { findDamage } from '../../../run-folder/checkpoint-files.ts';
import { readCheckpointState, type CheckpointState } from '../../../run-folder/checkpoint-state.ts';

/** Where a run goes on. `passed`: what is wrong with newer checkpoints, one sentence each. */
export interface StartingPoint { path: string; state: CheckpointState; passed: string[] }

/**
 * The newest whole checkpoint, or that of `step`; null where a run has none yet, and for step 0, its start. Newer ones are put aside, because the run
 * comes to their steps again.
 * @throws Problem where all are damaged, or that of `step` is or is missing.
 */
export async function findStartingPoint(checkpoints: string, step: number | null): Promise<StartingPoint | null> {
  const all = await listStepFolders(checkpoints);
  if (step === 0) {
    await putAside(checkpoints, all);
    return null;
  }
  if (step !== null && !all.some((checkpoint) => checkpoint.step === step)) {
    const there = all.length === 0 ? 'There is none yet.' : `There are those of ${all.map((checkpoint) => checkpoint.step).join(', ')}.`;
    throw new Problem(`There is no checkpoint of step ${step} in ${checkpoints}.`, { hint: there });
  }
  const candidates = (step === null ? all : all.filter((checkpoint) => checkpoint.step === step)).toReversed();
  const passed: string[] = [];
  for (const { path, step: at } of candidates) {
    const found = await lookInto(path);
    if (typeof found !== 'string') {
      await putAside(checkpoints, all.filter((checkpoint) => checkpoint.step > at));
      return { path, state: found, passed };
    }
    passed.push(`The checkpoint of step ${at} is damaged: ${found}.`);
  }
  if (passed.length === 0) return null;
  throw new Problem(passed.join(' '), {
    hint: step === null ? 'No whole checkpoint is left: bring a copy back, or start the run again from its recipe.' : 'Go on from another one with --step, or from the newest whole one without.',
  });
}

/** The state of a whole checkpoint, or what is wrong with it. */
async function lookInto(path: string): Promise<CheckpointState | string> {
  try {
    const state = await readCheckpointState(path);
    const damage = state.files ? await findDamage(path, state.files) : null;
    if (damage !== null) return damage;
    // One of before has no digests; what its headers tell is all that can be looked at.
    if (!state.files) await Promise.all([SafetensorsFile.open(join(path, 'optimizer.safetensors')), openModel(modelOf(path))]);
    return state;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return error.message.replace(/\.$/, '');
  }
}

async function putAside(checkpoints: string, newer: readonly Checkpoint[]): Promise<void> {
  for (const { path } of newer) {
    const aside = join(checkpoints, 'put-aside', basename(path));
    await mkdir(join(checkpoints, 'put-aside'), { recursive: true });
    await rm(aside, { recursive: true, force: true });
    await rename(path, aside);
  }
}
