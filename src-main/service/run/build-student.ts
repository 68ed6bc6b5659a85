import { recomputes } from '../../distill/activations.ts';
import { lossChunk } from '../../distill/loss-chunk.ts';
import { mostTokens } from '../../distill/bucket.ts';
import { Optimizer } from '../../distill/optimizers/optimizer.ts';
import { ruleOf } from '../../distill/optimizers/rules.ts';
import { Student, type FrozenPart, type LossSettings, type ShippedPart } from '../../distill/student.ts';
import { openAdapter } from '../../model/adapter/saved-adapter.ts';
import type { TrainedAdapter } from '../../model/adapter/trained-adapter.ts';
import { openModel } from '../../model/folder.ts';
import { executorFor, ofThe } from '../../model/load-model.ts';
import { initializeAdapters } from '../../nn/adapters/initialize.ts';
import { buildDecoder } from '../../nn/build.ts';
import { adapted, adapterParameters } from '../../nn/weights/adapted.ts';
import type { Decoder } from '../../nn/decoder.ts';
import { dropoutOf } from '../../nn/weights/dropout.ts';
import { modelOf } from '../checkpoint-folder.ts';
import { readOptimizerState } from './checkpoint.ts';
import type { OpenedBase } from './open-base.ts';
import type { PreparedRun } from './prepare.ts';

export interface BuiltStudent { student: Student; optimizer: Optimizer }

/**
 * A run's student in memory, ready to learn.
 * @param base  the weights beside an adapter; null where the whole student is trained
 * @param from  checkpoint that it goes on from; null at the start
 */
export async function buildStudent(run: PreparedRun, base: OpenedBase | null, from: string | null): Promise<BuiltStudent> {
  const { recipe, method, sharedVocabulary, adapter } = run;
  const { optimizer, ...parts } = await ofThe('student', () => (adapter && base ? besideBase(run, adapter, base, from) : whole(run, from)));
  if (from !== null) await readOptimizerState(from, optimizer);
  const settings: LossSettings = { method, sharedVocabulary, chunk: lossChunk(sharedVocabulary), recompute: recomputes(recipe, run.student) };
  return { optimizer, student: new Student(executorFor(recipe.student.device), parts.decoder, optimizer, settings, parts) };
}

interface Parts { optimizer: Optimizer; decoder: Decoder; frozen?: FrozenPart; shipped?: ShippedPart }

async function whole({ recipe, student: { folder, parameters, decoder }, shipping, microBatchSize }: PreparedRun, from: string | null): Promise<Parts> {
  const limits = { prompt: recipe.data.maxPromptTokens, completion: recipe.data.maxCompletionTokens };
  const gradientRows = mostTokens(microBatchSize, limits, decoder.encoder !== null);
  const optimizer = new Optimizer(parameters.map((parameter) => ({
    ...parameter, ...(shipping && { beside: shipping.beside(parameter) }), ...(decoder.tables.some(({ name }) => name === parameter.name) && { gradientRows }),
  })), ruleOf(recipe.train));
  const files = from === null ? folder : await openModel(modelOf(from));
  await files.readWeights((name) => optimizer.weights(name), parameters);
  return { optimizer, decoder, ...shipping?.part(optimizer) };
}

async function besideBase({ recipe }: PreparedRun, { base: { config }, adapters, dropout, saved }: TrainedAdapter, base: OpenedBase, from: string | null): Promise<Parts> {
  const optimizer = new Optimizer(adapterParameters(adapters), ruleOf(recipe.train));
  const into = (name: string): Float32Array => optimizer.weights(name);
  const start = from === null ? saved : await openAdapter(modelOf(from), config);
  if (start) await start.read(into);
  else initializeAdapters(adapters, recipe.seed, into);
  const decoder = buildDecoder(config, adapted(base.format, adapters));
  const training = dropout === 0 ? decoder : buildDecoder(config, adapted(base.format, adapters, dropoutOf(dropout)));
  return { optimizer, decoder, frozen: { weights: base.weights, training, seed: dropout === 0 ? null : recipe.seed } };
}
