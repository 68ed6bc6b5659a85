import { Problem } from '../contract/problem.ts';
import type { Device } from '../contract/divergence.ts';
import { openModel, type ModelFolder } from './folder.ts';
import { loadTokenizer, type Tokenizer } from '../text/tokenizer/tokenizer.ts';
import { buildDecoder, listParameters, type ParameterSpec } from '../nn/build.ts';
import type { Decoder } from '../nn/decoder.ts';
import { ortExecutor } from '../runtime/ort/executor.ts';
import type { Executor } from '../runtime/program.ts';
import { float32 } from '../runtime/tensor.ts';
import type { Weights } from '../runtime/weights.ts';
import { threads } from '../runtime/threads.ts';

/** A model folder that has been understood; its weights are still on the disk. */
export interface Model {
  folder: ModelFolder;
  tokenizer: Tokenizer;
  decoder: Decoder;
  parameters: readonly ParameterSpec[];
}

/** @throws Problem where the folder is not a model that Retort can run. */
export async function openWholeModel(path: string): Promise<Model> {
  const folder = await openModel(path);
  const tokenizer = await loadTokenizer(path);
  const parameters = listParameters(folder.config);
  folder.checkWeights(parameters);
  return { folder, tokenizer, decoder: buildDecoder(folder.config), parameters };
}

/** Reads the weights into memory of their own. */
export async function readWeights({ folder, parameters }: Model): Promise<Weights> {
  const weights: Record<string, ReturnType<typeof float32>> = {};
  await folder.readWeights((name, shape) => {
    const data = new Float32Array(shape.reduce((product, dim) => product * dim, 1));
    weights[name] = float32(data, shape);
    return data;
  }, parameters);
  return weights;
}

/** What computes on a device. */
export function executorFor(device: Device): Executor {
  return ortExecutor(device, threads());
}

/** The tokens that end a text of this model. */
export function endTokens({ tokenizer, folder }: Model): ReadonlySet<number> {
  if (tokenizer.eosIds.length === 0) {
    throw new Problem(`Model ${folder.path} names no end-of-sequence token, so its texts would never end.`, {
      hint: 'Set eos_token_id in generation_config.json or eos_token in tokenizer_config.json.',
    });
  }
  return new Set(tokenizer.eosIds);
}
