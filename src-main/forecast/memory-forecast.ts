import { totalmem } from 'node:os';
import type { MemoryForecast } from '../contract/forecast.ts';
import type { Device } from '../contract/divergence.ts';
import type { Method } from '../contract/presets.ts';
import type { DataSettings, Recipe } from '../contract/recipe.ts';
import { textsAtOnce } from '../decode/text-writer.ts';
import type { Shipping } from '../distill/shipping/ship.ts';
import { recomputes } from '../distill/activations.ts';
import type { OutputLayer } from '../distill/head.ts';
import { alignedHead } from '../distill/aligned-head.ts';
import { likeliestHead } from '../distill/likeliest-head.ts';
import { lossChunk } from '../distill/loss-chunk.ts';
import { arenaBytes } from '../graph/onnx/arena.ts';
import { halfProducts } from '../graph/precision.ts';
import type { Model } from '../model/load-model.ts';
import type { Alignment } from '../text/aligned/alignment.ts';
import { rowsOf } from '../nn/weights/rows.ts';
import { ACCEPTANCE } from '../metrics/acceptance.ts';
import type { ExampleSet } from '../text/example-set.ts';
import { frozenBytes, frozenDecoder, headBytes, packedOf } from './frozen-bytes.ts';
import { freeMemory } from './free-memory.ts';
import type { TrainedAdapter } from '../model/adapter/trained-adapter.ts';
import { teachesItself } from '../model/adapter/teaches-itself.ts';
import { leavesNothing } from '../runtime/large-run.ts';
import { judgingPlan } from './judging-plan.ts';
import { withDevice } from './device-bytes.ts';
import { learnerOf, type Learner } from './learner.ts';
import { learningBytes } from './learning-bytes.ts';
import { largestBucket, longestTexts } from './longest.ts';
import { runtimeBytes } from './runtime-bytes.ts';
import { trainedBytes } from './trained-bytes.ts';
import { updatingPlan } from './updating-plan.ts';
import { writingBytes } from './writing-bytes.ts';

/** What of a run its memory follows from. */
export interface MemoryInputs {
  recipe: Recipe;
  /** Where held-out rows come from and how they become texts. */
  heldOut: DataSettings;
  method: Method;
  student: Model;
  /** What is trained beside the student's weights; null where those are. */
  adapter: TrainedAdapter | null;
  /** How the student is trained as its file will have it; null where that is not asked for. */
  shipping: Shipping | null;
  teacher: Model | null;
  sharedVocabulary: number;
  /** How the two speak of one text where their tokenizers differ; null or left out where they do not. */
  alignment?: Alignment | null;
  microBatchSize: number;
  /** Null where the data is not known, and texts may be as long as the recipe lets them. */
  train: ExampleSet | null;
  /** Whether evaluations have the student write. */
  writesAnswers: boolean;
}

const FLOAT = 4;
/** What a processor's arena holds beside what the graphs of a step leave there: tensors of writing, whose sizes are known when it writes. Measured with models of 2M to 360M. */
const BESIDE = 1.1;
/** Of a graph that learns, the share of nodes that one without a backward pass has. */
const FORWARD = 1 / 3;

/** The memory of a run by part, before anything of it is loaded. */
export function forecastMemory(inputs: MemoryInputs): MemoryForecast {
  const { recipe, method, teacher, sharedVocabulary } = inputs;
  const { decoder, trained, beside } = learnerOf(inputs);
  const judges = teacher !== null && method.divergence !== 'cross_entropy';
  const bucket = largestBucket(longestTexts(recipe, method, inputs.train), Math.min(inputs.microBatchSize, recipe.train.batchSize), decoder.encoder !== null);
  const dialect = dialectOn(recipe.student.device);
  const learns = recipe.student.device !== 'cpu';
  const isOneDevice = recipe.teacher?.device === recipe.student.device;
  const isInOne = inputs.microBatchSize >= recipe.train.batchSize;
  const { plan: learningPlan, ...size } = learningBytes(decoder, trained.flatMap((parameter) => rowsOf(parameter)), bucket, {
    ...method, sharedVocabulary, chunk: lossChunk(sharedVocabulary), teacher: judges ? teacherLayer(teacher, inputs) : servedLayer(inputs),
    isPolicyGradient: method.reward !== undefined || method.preset === 'minillm', recompute: recomputes(recipe, inputs.student), dialect,
    products: halfProducts(recipe.train.compute, learns), ...(learns && { gradients: isInOne ? 'alone' : 'whole' }),
  });
  const judgingPlans = judges ? [judgingPlan(frozenDecoder(teacher, recipe.teacher!), bucket, dialectOn(recipe.teacher!.device))] : [];
  const [whole, asked] = [[...(isOneDevice ? judgingPlans : []), learningPlan], judgingPlans].map((plans) => Math.round(BESIDE * arenaBytes(plans))) as [number, number];
  const { stays: kept, ...written } = writingOf(inputs);
  const own = trainedBytes(trained, recipe.train);
  const all = {
    ...withBeside(own, beside),
    // One copy serves a student that learns beside its teacher's own weights.
    teacher: teacher && recipe.teacher && !teachesItself(inputs) ? frozenBytes(teacher, recipe.teacher) : 0,
    runtime: runtimeBytes(learningPlan.nodes.length * (written.cache > 0 ? 1 + FORWARD : 1) + (judgingPlans[0]?.nodes.length ?? 0), inputs.student.decoder.vocabSize + (teacher?.decoder.vocabSize ?? 0)),
    activations: Math.max(whole, asked),
    ...written,
  };
  const head = judges ? headBytes(teacher) : 0;
  const { host: { parts, learning: activations, judging }, device } = withDevice(recipe, {
    parts: all, trained: own.weights, beside: inputs.adapter ? { all: beside, head: headBytes(inputs.student) } : { all: 0, head: 0 }, learning: whole, judging: asked,
    // What all graphs of a step leave behind one after the other.
    there: learns ? arenaBytes([...(isOneDevice ? judgingPlans : []), learningPlan, updatingPlan(trained, recipe.train, dialect)]) : arenaBytes(judgingPlans),
    handed: judges ? FLOAT * Math.ceil(recipe.train.batchSize / bucket.batch) * bucket.positions * teacher.decoder.hiddenSize : 0,
    head, isInOne, comesAndGoes: recipe.train.phases || (recipe.teacher?.cache ?? false) !== false,
  });
  const writing = { decoding: parts.decoding, cache: parts.cache };
  const stays = Math.min(kept, parts.decoding);
  const about = { free: freeMemory(), total: totalmem(), ...(device && { device }) };
  const always = parts.weights + parts.gradients + parts.moments + parts.runtime;
  // A teacher whose answers are all kept is there before the student is, and its head alone beside it.
  if (isKeptWhole(inputs)) {
    const learning = always + head + Math.max(parts.activations, writing.decoding + writing.cache);
    return { parts, peak: Math.max(parts.runtime + parts.teacher + judging, learning), ...about };
  }
  // Writing, judging and learning take turns, but for a writer that stays; in the same memory where what was learned in is given back,
  // behind a step or before frozen weights are packed.
  const learnedIn = leavesNothing({ ...size, isOften: false }) || (inputs.adapter !== null && stays === 0) ? 0 : parts.activations;
  const write = learnedIn + writing.decoding + writing.cache;
  // With phases the teacher is there for its own turn alone.
  const [judge, learn] = [stays + judging, stays + activations];
  const turns = recipe.train.phases ? [write, parts.teacher + judge, learn + head] : [parts.teacher + write, parts.teacher + Math.max(judge, learn)];
  return { parts, peak: always + Math.max(...turns), ...about };
}

const dialectOn = (device: Device): 'webgpu' | 'onnxruntime' => (device === 'webgpu' ? 'webgpu' : 'onnxruntime');

const withBeside = (bytes: ReturnType<typeof trainedBytes>, beside: number): ReturnType<typeof trainedBytes> => ({ ...bytes, weights: bytes.weights + beside });

const teacherLayer = ({ decoder }: Model, { alignment, method }: MemoryInputs): OutputLayer =>
  (alignment ? alignedHead({ decoder, weights: {} }, alignment.families, method.lossTemperature).decoder : decoder);

/** What reads the answers of a server; null where none is asked. */
function servedLayer({ recipe: { teacher }, method, sharedVocabulary }: MemoryInputs): OutputLayer | null {
  return teacher?.server && method.divergence !== 'cross_entropy' ? likeliestHead(Math.min(teacher.server.topLogprobs, sharedVocabulary) + 1).decoder : null;
}

/** Whether a run asks its teacher about fixed texts alone and keeps what it says. */
function isKeptWhole({ recipe: { teacher, evaluate }, method }: MemoryInputs): boolean {
  return teacher !== undefined && teacher.cache !== false && method.lambda === 0 && !evaluate.metrics.includes(ACCEPTANCE);
}

interface Writing {
  decoding: number;
  cache: number;
  /** What of it stays while others compute. */
  stays: number;
}

/** What whoever writes takes while it does: the student, the teacher, or with MiniLLM both together. */
function writingOf({ recipe, heldOut, method, student, adapter, teacher, writesAnswers, shipping }: MemoryInputs): Writing {
  const { data, train, evaluate } = recipe;
  const length = Math.max(...[data, ...(writesAnswers ? [heldOut] : [])].map(({ maxPromptTokens, maxCompletionTokens }) => maxPromptTokens + maxCompletionTokens));
  const texts = Math.max(method.lambda > 0 || method.source === 'teacher' ? train.batchSize : 0, writesAnswers ? evaluate.examples : 0);
  const of = ({ decoder }: Model, { packed, writesOn }: Pick<Learner, 'packed' | 'writesOn'>): Writing => (
    { ...writingBytes(decoder, packed, Math.min(texts, textsAtOnce(decoder, length)), length), stays: writesOn && method.lambda > 0 ? packed : 0 });
  const none = { decoding: 0, cache: 0, stays: 0 };
  const isMixed = method.preset === 'minillm';
  const learner = method.lambda > 0 || writesAnswers ? of(student, learnerOf({ recipe, student, adapter, shipping })) : none;
  const judge = teacher && (method.source === 'teacher' || isMixed || writesAnswers) ? of(teacher, { packed: packedOf(teacher, recipe.teacher!), writesOn: isMixed }) : none;
  if (isMixed) return { decoding: learner.decoding + judge.decoding, cache: learner.cache + judge.cache, stays: learner.stays + judge.stays };
  return { ...(learner.decoding + learner.cache > judge.decoding + judge.cache ? learner : judge), stays: learner.stays };
}
