import { join } from 'node:path';
import type { Updates } from '../../../distill/optimizers/updates.ts';
import { writeAdapter } from '../../../model/adapter/write-adapter.ts';
import { writeModel } from '../../../model/write-folder.ts';
import { SafetensorsFile } from '../../../model/safetensors-read.ts';
import { writeSafetensors } from '../../../model/safetensors-write.ts';
import { rowsOf } from '../../../nn/weights/rows.ts';
import { modelOf } from '../../../run-folder/checkpoint-folder.ts';
import { digestFiles } from '../../../run-folder/checkpoint-files.ts';
import type { PreparedRun } from '../look/prepare.ts';
import { writeCheckpointState, type CheckpointState } from '../../../run-folder/checkpoint-state.ts';

const OPTIMIZER = 'optimizer.safetensors';

/** Fills a checkpoint's folder: the model in the Hugging Face layout, or the adapter alone in PEFT's; the optimizer's state, and last the position with the digests of all. */
export async function writeCheckpoint(folder: string, run: Pick<PreparedRun, 'student' | 'adapter'>, optimizer: Updates, state: Omit<CheckpointState, 'files'>): Promise<void> {
  await writeTrained(modelOf(folder), run, optimizer);
  await writeSafetensors(join(folder, OPTIMIZER), optimizer.state().map((tensor) => ({ name: tensor.name, shape: tensor.shape, data: later([tensor], ({ data }) => data) })), 'F32');
  await writeCheckpointState(folder, { ...state, files: await digestFiles(folder) });
}

async function writeTrained(folder: string, { student, adapter }: Pick<PreparedRun, 'student' | 'adapter'>, optimizer: Updates): Promise<void> {
  if (adapter) return writeAdapter(folder, { ...adapter, from: adapter.saved?.config.raw ?? null, weights: (name) => optimizer.read(name) });
  const tensors = student.parameters.map((parameter) => ({ ...parameter, data: later(rowsOf(parameter), ({ name }) => optimizer.read(name)) }));
  await writeModel(folder, { from: student.folder, tensors, precision: 'fp32' });
}

/** Numbers that are read when they are written: a device's come one tensor at a time. */
function* later<T>(tensors: readonly T[], read: (tensor: T) => Float32Array): Generator<Float32Array> {
  for (const tensor of tensors) yield read(tensor);
}

export async function readOptimizerState(folder: string, optimizer: Updates): Promise<void> {
  const file = await SafetensorsFile.open(join(folder, OPTIMIZER));
  const tensors = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const { name, shape } of file.tensors) {
    const data = new Float32Array(shape.reduce((product, dim) => product * dim, 1));
    await file.read(name, data);
    tensors.set(name, { shape, data });
  }
  optimizer.loadState(tensors);
}
