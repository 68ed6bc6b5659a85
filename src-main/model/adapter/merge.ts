import type { WeightPrecision } from '../../contract/model-description.ts';
import { Problem } from '../../contract/problem.ts';
import { listParameters, type ParameterSpec } from '../../nn/build.ts';
import { openModel } from '../folder.ts';
import { refuseOnlyTeaches } from '../only-teaches.ts';
import { storedPrecision } from '../precision.ts';
import type { TensorToWrite } from '../safetensors-write.ts';
import { publishModel } from '../write-folder.ts';
import { AdaptedModel } from './adapted-model.ts';

export interface MergeSettings {
  /** Of the weights that are written; that of the base model if left out. */
  readonly precision?: WeightPrecision | undefined;
  /** Told the matrices and vectors written so far and in all; what it throws ends the work. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Writes an adapter and its base model as one new model folder, weight by weight.
 * @returns the precision that was written
 * @throws Problem where the folder is no adapter, or `to` exists
 */
export async function mergeAdapter(path: string, to: string, { precision, onProgress = () => undefined }: MergeSettings = {}): Promise<WeightPrecision> {
  const model = await openModel(path);
  if (!(model instanceof AdaptedModel)) throw new Problem(`${path} is a whole model: there is no adapter in it to merge.`, { hint: 'Give the folder of an adapter, for example model/ of a checkpoint of a run that trains one.' });
  refuseOnlyTeaches(model.base.path, model.config, 'an adapter beside it stays beside it');
  const parameters = listParameters(model.config);
  model.checkWeights(parameters);
  let done = 0;
  const told = async function* (data: AsyncIterable<Float32Array>): AsyncGenerator<Float32Array> {
    yield* data;
    onProgress(++done, parameters.length);
  };
  const written = precision ?? storedPrecision(model.base.tensors);
  const tensors = parameters.map(({ name, shape }: ParameterSpec): TensorToWrite => ({ name, shape, data: told(model.pieces(name)) }));
  await publishModel(to, { from: model, tensors, precision: written });
  return written;
}
