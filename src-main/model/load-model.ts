import { Problem } from '../contract/problem.ts';
import type { Device } from '../contract/divergence.ts';
import { openModel } from './folder.ts';
import { AdaptedModel } from './adapter/adapted-model.ts';
import type { Keeping } from './frozen/kept.ts';
import { openFrozen, type FrozenWeights } from './frozen/open-frozen.ts';
import type { ModelFiles } from './model-files.ts';
import { loadTokenizer, type Tokenizer } from '../text/tokenizer/tokenizer.ts';
import { buildDecoder, listParameters, type ParameterSpec } from '../nn/build.ts';
import type { Decoder } from '../nn/decoder.ts';
import { adapted } from '../nn/weights/adapted.ts';
import { executorOn } from '../runtime/executor-on.ts';
import { inMoves } from '../runtime/in-moves.ts';
import type { Executor } from '../runtime/program.ts';
import { float32 } from '../runtime/tensor.ts';
import type { HostWeights } from '../runtime/weights.ts';
import { threads } from '../runtime/threads.ts';

/** A model that has been understood; its weights are still on the disk. */
export interface Model {
  folder: ModelFiles;
  tokenizer: Tokenizer;
  decoder: Decoder;
  parameters: readonly ParameterSpec[];
}

/** @throws Problem where the folder is not a model that Retort can run. */
export async function openWholeModel(path: string): Promise<Model> {
  const folder = await openModel(path);
  const tokenizer = await loadTokenizer(folder.companions);
  const parameters = listParameters(folder.config);
  folder.checkWeights(parameters);
  const decoder = buildDecoder(folder.config);
  const outside = tokenizer.eosIds.find((id) => id < 0 || id >= decoder.vocabSize);
  if (outside !== undefined) {
    const token = tokenizer.tokenOf(outside);
    throw new Problem(`Model ${path} ends its texts with the token ${token === undefined ? '' : `${JSON.stringify(token)}, `}id ${outside}, and its embedding has ${decoder.vocabSize} rows: it could never write it.`, {
      hint: 'Correct eos_token_id in generation_config.json, or enlarge the embedding.',
    });
  }
  return { folder, tokenizer, decoder, parameters };
}

/** @throws Problem where a text has a token for which the model has no embedding. @param where  begins the message */
export function refuseUnembedded(where: string, ids: Iterable<number>, { tokenizer, decoder, folder }: Pick<Model, 'tokenizer' | 'decoder' | 'folder'>): void {
  for (const id of ids) {
    if (id < decoder.vocabSize) continue;
    throw new Problem(`${where} holds ${JSON.stringify(tokenizer.tokenOf(id) ?? '')}, a token (id ${id}) that the embedding of ${folder.path}, ${decoder.vocabSize} rows, does not have.`, {
      hint: 'Take it out of the texts, or enlarge the embedding as Transformers\' resize_token_embeddings does.',
    });
  }
}

/** What is wrong with one of two models, with the word which of them it is. */
export async function ofThe<T>(who: 'teacher' | 'student', work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Problem) || error.kind !== 'input') throw error;
    throw new Problem(`The ${who}: ${error.message}`, { ...(error.hint !== undefined && { hint: error.hint }), cause: error });
  }
}

/** Reads the weights into memory of their own. */
export async function readWeights({ folder, parameters }: Model): Promise<HostWeights> {
  const weights: Record<string, ReturnType<typeof float32>> = {};
  await folder.readWeights((name, shape) => {
    const data = new Float32Array(shape.reduce((product, dim) => product * dim, 1));
    weights[name] = float32(data, shape);
    return data;
  }, parameters);
  return weights;
}

/**
 * Opens a model that is not going to be trained, or the wanted weights of it, for an executor, in whose memory they lie. An adapter stays beside its
 * base model, whose weights stay as they lie.
 */
export async function openWeights({ folder, parameters }: Model, { readsStored, signsBytes, memory }: Pick<Executor, 'readsStored' | 'signsBytes' | 'memory'>, keeping: Keeping = { precision: 'fp32' }, wanted?: readonly ParameterSpec[]): Promise<FrozenWeights> {
  if (!(folder instanceof AdaptedModel)) return openFrozen(folder, parameters, { ...keeping, readsStored, signsBytes, memory }, wanted);
  return inMoves(async (keep) => {
    const base = keep(await openFrozen(folder.base, parameters, { ...keeping, readsStored, signsBytes, memory }, wanted));
    const format = adapted(base.format, folder.adapter.adapters);
    return { ...base, format, decoder: buildDecoder(folder.config, format), weights: { ...base.weights, ...await folder.read() } };
  });
}

/** What computes on a device. */
export function executorFor(device: Device): Executor {
  return executorOn(device, threads());
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
