import { recomputes } from '../../distill/activations.ts';
import { lossChunk } from '../../distill/loss-chunk.ts';
import { mostTokens } from '../../distill/bucket.ts';
import type { Learner } from '../../distill/learner.ts';
import type { Updates } from '../../distill/optimizers/updates.ts';
import { flatRuleOf } from '../../distill/optimizers/flat/rules.ts';
import { Optimizer, type TrainedParameter } from '../../distill/optimizers/optimizer.ts';
import { ruleOf } from '../../distill/optimizers/rules.ts';
import { DeviceOptimizer } from '../../distill/resident/device-optimizer.ts';
import { ResidentStudent } from '../../distill/resident/resident-student.ts';
import type { Shipping } from '../../distill/shipping/ship.ts';
import { Student, type FrozenPart, type LossSettings } from '../../distill/student.ts';
import { openAdapter } from '../../model/adapter/saved-adapter.ts';
import type { TrainedAdapter } from '../../model/adapter/trained-adapter.ts';
import { openModel } from '../../model/folder.ts';
import { executorFor, ofThe } from '../../model/load-model.ts';
import { initializeAdapters } from '../../nn/adapters/initialize.ts';
import { buildDecoder } from '../../nn/build.ts';
import { adapted, adapterParameters } from '../../nn/weights/adapted.ts';
import type { Decoder } from '../../nn/decoder.ts';
import { rowsOf } from '../../nn/weights/rows.ts';
import { dropoutOf } from '../../nn/weights/dropout.ts';
import { modelOf } from '../../run-folder/checkpoint-folder.ts';
import { inMoves, releaseAll } from '../../runtime/in-moves.ts';
import type { CarriedWeights } from './stages/carried-weights.ts';
import { readOptimizerState } from './record/checkpoint.ts';
import type { OpenedBase } from './open-base.ts';
import type { PreparedRun } from './look/prepare.ts';

export interface BuiltStudent {
  student: Learner;
  optimizer: Updates;
  release(): Promise<void>;
}

/** What a student begins with. */
export interface StudentStart {
  /** Checkpoint that it goes on from; null at the start. */
  from: string | null;
  /** Whether only its weights are taken, because a stage begins there. */
  isNewStage?: boolean;
  /** The weights of the stage before, where they are in memory. */
  carried?: CarriedWeights;
}

/**
 * A run's student, ready to learn: in memory of the host, or of the device that the recipe names.
 * @param base  the weights beside an adapter; null where the whole student is trained
 */
export async function buildStudent(run: PreparedRun, base: OpenedBase | null, { from, isNewStage = false, carried }: StudentStart): Promise<BuiltStudent> {
  const { recipe, method, sharedVocabulary, adapter } = run;
  const made = await ofThe('student', () => (adapter && base ? besideBase(run, adapter, base, from) : whole(run, from)));
  const learning = carried ? { ...made, fill: filledFrom(carried, made.parameters) } : made;
  const settings: LossSettings = { method, sharedVocabulary, chunk: lossChunk(sharedVocabulary), recompute: recomputes(recipe, run.student), compute: recipe.train.compute };
  const optimizerFrom = isNewStage ? null : from;
  return recipe.student.device === 'cpu' ? onHost(run, learning, settings, optimizerFrom) : onDevice(run, learning, settings, optimizerFrom);
}

function filledFrom(carried: CarriedWeights, parameters: readonly TrainedParameter[]): Learning['fill'] {
  return async (into) => {
    for (const { name } of parameters.flatMap((parameter) => rowsOf(parameter))) into(name).set(carried.get(name)!);
  };
}

/** What is trained, where its weights come from, and what a student is made of besides. */
interface Learning {
  parameters: readonly TrainedParameter[];
  fill(into: (name: string) => Float32Array): Promise<void>;
  decoder: Decoder;
  frozen?: FrozenPart;
  shipping?: Shipping | null;
}

async function onHost({ recipe }: PreparedRun, { parameters, fill, decoder, frozen, shipping }: Learning, settings: LossSettings, from: string | null): Promise<BuiltStudent> {
  const optimizer = new Optimizer(parameters, ruleOf(recipe.train));
  await ofThe('student', () => fill((name) => optimizer.weights(name)));
  if (from !== null) await readOptimizerState(from, optimizer);
  const parts = { decoder, frozen: frozen ?? null, ...shipping?.part(optimizer) };
  const student = new Student(executorFor('cpu'), parts.decoder, optimizer, settings, parts);
  return { student, optimizer, release: () => student.release() };
}

async function onDevice({ recipe }: PreparedRun, { parameters, fill, decoder, frozen, shipping }: Learning, settings: LossSettings, from: string | null): Promise<BuiltStudent> {
  const executor = executorFor(recipe.student.device);
  return inMoves(async (keep) => {
    const optimizer = keep(await DeviceOptimizer.open(executor, parameters, flatRuleOf(recipe.train)));
    await ofThe('student', () => optimizer.load(fill));
    if (from !== null) await readOptimizerState(from, optimizer);
    const parts = { decoder, frozen: frozen ?? null, ...shipping?.part(optimizer.mirror) };
    const student = await ResidentStudent.open(executor, parts.decoder, optimizer, settings, parts);
    return { student, optimizer, release: () => releaseAll([student, optimizer]) };
  });
}

async function whole({ recipe, student: { folder, parameters, decoder }, shipping, microBatchSize }: PreparedRun, from: string | null): Promise<Learning> {
  const limits = { prompt: recipe.data.maxPromptTokens, completion: recipe.data.maxCompletionTokens };
  const gradientRows = mostTokens(microBatchSize, limits, decoder.encoder !== null);
  const files = from === null ? folder : await openModel(modelOf(from));
  return {
    parameters: parameters.map((parameter) => ({
      ...parameter, ...(shipping && { beside: shipping.beside(parameter) }), ...(decoder.tables.some(({ name }) => name === parameter.name) && { gradientRows }),
    })),
    fill: (into) => files.readWeights(into, parameters),
    decoder, shipping,
  };
}

async function besideBase({ recipe }: PreparedRun, { base: { config }, adapters, dropout, saved }: TrainedAdapter, base: OpenedBase, from: string | null): Promise<Learning> {
  const start = from === null ? saved : await openAdapter(modelOf(from), config);
  const decoder = buildDecoder(config, adapted(base.format, adapters));
  const training = dropout === 0 ? decoder : buildDecoder(config, adapted(base.format, adapters, dropoutOf(dropout)));
  return {
    parameters: adapterParameters(adapters),
    fill: async (into) => {
      if (start) await start.read(into);
      else initializeAdapters(adapters, recipe.seed, into);
    },
    decoder, frozen: { weights: base.weights, training, seed: dropout === 0 ? null : recipe.seed },
  };
}
