import { fillNormal } from '../../src-main/contract/random.ts';
import { layOut, type Reduction, type TrainingExample } from '../../src-main/distill/batch.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { Judge } from '../../src-main/distill/judge.ts';
import type { Written } from '../../src-main/distill/rollout.ts';
import type { LossSettings } from '../../src-main/distill/student.ts';
import { buildDecoder, listParameters } from '../../src-main/nn/build.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { hostTensor } from '../../src-main/runtime/tensor.ts';
import { hostWeights } from '../../src-main/runtime/weights.ts';
import { randomWeights, tinyLlama } from './tiny-models.ts';
import { tinyStudent } from './tiny-student.ts';

/** So few tokens and so short texts that all there are can be looked at. Token 0 ends a text. */
export const VOCABULARY = 4;
export const LENGTH = 3;
export const EOS: ReadonlySet<number> = new Set([0]);
export const PROMPT = Int32Array.of(1, 3);

const config = tinyLlama({ vocabSize: VOCABULARY, hiddenSize: 8, heads: 2, kvHeads: 1, headDim: 4, intermediateSize: 12, layers: 1, windows: [null], contextLength: 8 });
const parameters = listParameters(config);

/** A whole text, and what each model thinks of every token that might stand at each of its positions. */
export interface ToyText { tokens: readonly number[]; at: readonly { student: readonly number[]; teacher: readonly number[] }[] }

/** A way in weight space, of length 1. */
type Direction = Readonly<Record<string, Float32Array>>;

/** A student and a teacher whose every text can be enumerated. */
export class ToyPolicy {
  readonly executor = ortExecutor('cpu', 1);
  readonly decoder = buildDecoder(config);
  readonly teacher = new FrozenModel(this.executor, this.decoder, randomWeights(config, 8, 0.5));
  readonly student;
  private readonly optimizer;
  private readonly judge: Judge;

  constructor(method: LossSettings['method']) {
    const settings = { method, sharedVocabulary: VOCABULARY, chunk: 4096 };
    const { student, optimizer } = tinyStudent(this.executor, config, randomWeights(config, 3, 0.5), settings);
    this.student = student;
    this.optimizer = optimizer;
    this.judge = new Judge(this.executor, new FrozenModel(this.executor, this.decoder, student.weights), this.teacher, { ...method, sharedVocabulary: VOCABULARY, chunk: 4096 });
  }

  /** Every text, with log-probabilities of the student's weights as they are. */
  async texts(): Promise<ToyText[]> {
    const sequences = Array.from({ length: VOCABULARY ** LENGTH }, (_, at) => Array.from({ length: LENGTH }, (_, place) => Math.floor(at / VOCABULARY ** place) % VOCABULARY));
    const rows = new Map<string, { student: number[]; teacher: number[] }>();
    const [batch] = layOut(sequences.map((tokens, index) => ({ index, prompt: PROMPT, completion: Int32Array.from(tokens), isOnPolicy: true })), sequences.length, 'token', null);
    const judged = await this.judge.judge(batch!);
    for (const { example, start } of batch!.spans) {
      sequences[example]!.forEach((token, place) => {
        const row = getOrAdd(rows, sequences[example]!.slice(0, place).join(), () => ({ student: [], teacher: [] }));
        row.student[token] = Number(judged['targetLogprob']![start + place]);
        row.teacher[token] = Number(judged['teacherLogprob']![start + place]);
      });
    }
    const whole = new Map(sequences.map((tokens) => {
      const end = tokens.findIndex((token) => EOS.has(token));
      const text = end < 0 ? tokens : tokens.slice(0, end + 1);
      return [text.join(), text];
    }));
    return [...whole.values()].map((tokens) => ({ tokens, at: tokens.map((_, place) => rows.get(tokens.slice(0, place).join())!) }));
  }

  /** The change of a function of all texts along a direction, by central differences. */
  async slope(direction: Direction, read: (texts: readonly ToyText[]) => number): Promise<number> {
    const [ahead, behind] = await this.around(direction);
    return (read(ahead) - read(behind)) / (2 * STEP);
  }

  /** All texts a little ahead on a direction, and as little behind. */
  async around(direction: Direction): Promise<[ahead: ToyText[], behind: ToyText[]]> {
    const at = async (step: number): Promise<ToyText[]> => {
      const before = parameters.map(({ name }) => this.optimizer.weights(name).slice());
      for (const { name } of parameters) this.optimizer.weights(name).forEach((value, element, all) => { all[element] = value + step * direction[name]![element]!; });
      const texts = await this.texts();
      parameters.forEach(({ name }, place) => { this.optimizer.weights(name).set(before[place]!); });
      return texts;
    };
    return [await at(STEP), await at(-STEP)];
  }

  /** From the student to the teacher, and one by chance. */
  directions(): Direction[] {
    const towards = (name: string): Float32Array => (hostTensor(hostWeights(this.teacher.weights)[name]!).data as Float32Array).map((value, at) => value - this.optimizer.weights(name)[at]!);
    const random = (place: number): Float32Array => {
      const values = new Float32Array(this.optimizer.weights(parameters[place]!.name).length);
      fillNormal(values, 5, { purpose: 'init', example: place }, 1);
      return values;
    };
    return [normalized(parameters.map(({ name }) => towards(name))), normalized(parameters.map((_, place) => random(place)))];
  }

  /** How the loss of a batch of written texts changes along each direction, by the compiled gradient. */
  async estimate(written: readonly Written[], directions: readonly Direction[], { share, reduction }: { share: number; reduction: Reduction }): Promise<number[]> {
    const examples = written.map(({ tokens, advantages }, index): TrainingExample => ({ index, prompt: PROMPT, completion: tokens, isOnPolicy: true, ...(advantages && { advantages }) }));
    for (const batch of layOut(examples, 24, reduction, null, share)) {
      await this.student.learn(batch, { hidden: await this.teacher.hidden(batch), head: this.teacher });
    }
    const slopes = directions.map((direction) => parameters.reduce((sum, { name }) => sum + dot(this.optimizer.gradients(name), direction[name]!), 0));
    this.optimizer.clearGradients();
    return slopes;
  }
}

/** How far central differences look. */
export const STEP = 0.02;

/** The log-probability of a text. */
export function logprob({ tokens, at }: ToyText, model: 'student' | 'teacher' = 'student'): number {
  return tokens.reduce((sum, token, place) => sum + at[place]![model][token]!, 0);
}

/** E over the student's texts. */
export function expectation(texts: readonly ToyText[], value: (text: ToyText) => number): number {
  return texts.reduce((sum, text) => sum + Math.exp(logprob(text)) * value(text), 0);
}

/** Mean of independent estimates and its standard error. */
export function meanAndError(values: readonly number[]): { mean: number; error: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, error: Math.sqrt(variance / values.length) };
}

function normalized(parts: readonly Float32Array[]): Direction {
  const length = Math.sqrt(parts.reduce((sum, part) => sum + dot(part, part), 0));
  return Object.fromEntries(parameters.map(({ name }, place) => [name, parts[place]!.map((value) => value / length)]));
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, at) => sum + value * b[at]!, 0);
}

function getOrAdd<V>(map: Map<string, V>, key: string, make: () => V): V {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
}
