import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../../contract/problem.ts';
import type { Optimizer } from '../../distill/optimizers/optimizer.ts';
import type { BaselineState } from '../../distill/reward-baseline.ts';
import { writeModel } from '../../model/write-folder.ts';
import { SafetensorsFile } from '../../model/safetensors-read.ts';
import { writeSafetensors } from '../../model/safetensors-write.ts';
import { modelOf } from '../checkpoint-folder.ts';
import type { Model } from '../../model/load-model.ts';
import type { BestState } from './best-so-far.ts';

/**
 * What a checkpoint knows besides weights and moments. Random numbers have no state, so this is all. Which evaluation was
 * the best is there where the recipe asks for it.
 */
export interface CheckpointState extends Partial<BestState> {
  step: number;
  totalTokens: number;
  /** What a method with rewards expects of a text; null where there is none. */
  rewardBaseline: BaselineState | null;
  /** Chosen at the start and kept, so that a resume computes in the same order. */
  microBatchSize: number;
}

const STATE = 'state.json';
const OPTIMIZER = 'optimizer.safetensors';

/** Fills a checkpoint's folder: the model in the Hugging Face layout, the optimizer's state, the position. */
export async function writeCheckpoint(folder: string, model: Model, optimizer: Optimizer, state: CheckpointState): Promise<void> {
  const tensors = model.parameters.map(({ name, shape }) => ({ name, shape, data: optimizer.weights(name) }));
  await writeModel(modelOf(folder), { from: model.folder, tensors, precision: 'fp32' });
  await writeSafetensors(join(folder, OPTIMIZER), optimizer.state(), 'F32');
  await writeFile(join(folder, STATE), `${JSON.stringify(state, null, 2)}\n`);
}

export async function readCheckpointState(folder: string): Promise<CheckpointState> {
  const path = join(folder, STATE);
  try {
    return JSON.parse(await readFile(path, 'utf8')) as CheckpointState;
  } catch (cause) {
    throw new Problem(`Checkpoint state ${path} cannot be read.`, { hint: 'Resume from an earlier checkpoint.', cause });
  }
}

export async function readOptimizerState(folder: string, optimizer: Optimizer): Promise<void> {
  const file = await SafetensorsFile.open(join(folder, OPTIMIZER));
  const tensors = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const { name, shape } of file.tensors) {
    const data = new Float32Array(shape.reduce((product, dim) => product * dim, 1));
    await file.read(name, data);
    tensors.set(name, { shape, data });
  }
  optimizer.loadState(tensors);
}
