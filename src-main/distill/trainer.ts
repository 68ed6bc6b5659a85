import type { Rollout, StepMetrics } from '../contract/events.ts';
import type { Method } from '../contract/presets.ts';
import type { TrainSettings } from '../contract/recipe.ts';
import { isOnDevice, type DeviceMemory } from '../runtime/device/device-memory.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { layOut, type MicroBatch, type TrainingExample } from './batch.ts';
import { drawOnPolicy, lambdaAt } from './mixture.ts';
import type { Learner, Lesson, TeacherView } from './learner.ts';
import type { Updates } from './optimizers/updates.ts';
import { LossScale, type LossScaleState } from './loss-scale.ts';
import { learningRateAt } from './optimizers/schedule.ts';
import type { Ask, Written } from './rollout.ts';
import { StepSummary } from './step-summary.ts';
import type { Teacher } from './teacher.ts';

/** An example of the data: a prompt that the student can be asked to continue, and the text that is learned otherwise. */
export interface DataExample extends Ask { given: Omit<TrainingExample, 'isOnPolicy'> }

/** The training data as the trainer sees it: the batch of a step, from the step alone. */
export interface ExampleSource<Example> {
  readonly count: number;
  batch(step: number): Promise<Example[]>;
}

export interface TrainerParts<Example extends DataExample> {
  student: Learner;
  /** Of what the student trains. */
  optimizer: Updates;
  teacher: Teacher | null;
  /** Writes the student's own completions; null where the student never writes. */
  rollouts: { write(asked: readonly Example[], step: number): Promise<Written[]> } | null;
  data: ExampleSource<Example>;
}

export interface TrainerSettings {
  seed: number;
  steps: number;
  microBatchSize: number;
  sharedVocabulary: number;
  method: Method;
  train: Omit<TrainSettings, 'steps' | 'microBatchSize'>;
}

/** Where a run that goes on stands. */
export interface Progress {
  /** Tokens learned from. */
  totalTokens: number;
  /** Null at the start. */
  lossScale?: LossScaleState | null;
}

/** One update: what was measured, and what the student wrote for it. */
export interface StepResult<Example> {
  metrics: StepMetrics;
  rollouts: (Omit<Rollout, 'prompt' | 'completion'> & { asked: Example })[];
}

/**
 * Algorithm 1 of GKD (arXiv 2306.13649): at each step the batch's completions come from the data or from the student
 * itself, the teacher judges every token, and one gradient step lowers the mean divergence.
 *
 * A step is a function of the weights, the optimizer's state and its number alone, which is what makes a resume exact.
 */
export class Trainer<Example extends DataExample> {
  private readonly parts: TrainerParts<Example>;
  private readonly settings: TrainerSettings;
  private totalTokens: number;
  private readonly lossScale: LossScale;

  /** @param progress  before this trainer's first step */
  constructor(parts: TrainerParts<Example>, settings: TrainerSettings, { totalTokens, lossScale = null }: Progress = { totalTokens: 0 }) {
    this.parts = parts;
    this.settings = settings;
    this.totalTokens = totalTokens;
    this.lossScale = new LossScale(settings.train.compute, lossScale);
  }

  /** What a checkpoint keeps of its updates. */
  get lossScaleState(): Readonly<LossScaleState> {
    return this.lossScale.state;
  }

  /** Makes update number `step`, from 1. */
  async step(step: number): Promise<StepResult<Example>> {
    const { method, train, steps, microBatchSize } = this.settings;
    const started = performance.now();
    const { examples: texts, own, written } = await this.examples(step);
    const rolloutMs = performance.now() - started;

    const { optimizer, teacher, student } = this.parts;
    const examples = teacher?.compared ? texts.map((text) => ({ ...text, compared: teacher.compared!(text) })) : texts;
    const summary = new StepSummary(examples);
    const batches = layOut(examples, microBatchSize, method.reduction, student.decoder.encoder, method.alpha);
    const judging = performance.now();
    const scale = this.lossScale.value;
    const views = teacher && await judgedBy(teacher, batches, student.memory);
    const updating = performance.now();
    const lessons: Lesson[] = [];
    try {
      for (const [at, batch] of batches.entries()) lessons.push(await student.learn(batch, views && views[at]!, step, scale));
    } finally {
      forget(views ?? []);
    }
    const learningRate = learningRateAt(step, steps, train);
    const gradientNorm = await optimizer.apply({ step: step - this.lossScale.state.skipped, learningRate, clipNorm: train.clipNorm, lossScale: scale });
    // A device is waited for once: behind all that it was asked for.
    for (const [at, batch] of batches.entries()) summary.add(batch, lessons[at]!);
    const isSound = Number.isFinite(gradientNorm);
    this.lossScale.stepped(step, isSound);
    if (isSound) await student.updated();
    const finished = performance.now();

    const told = summary.finish();
    const reward = meanOf(written.flatMap((text) => text.reward ?? []));
    this.totalTokens += told.completionTokens;
    return {
      rollouts: summary.rollouts(step, written.map(({ ended }) => ended)).map((rollout, at) => ({ ...rollout, asked: own[at]! })),
      metrics: {
        step, ...told, gradientNorm, learningRate,
        // What falls: Eq. 5, turned round.
        loss: told.loss - (1 - method.alpha) * (reward ?? 0),
        reward,
        lambda: lambdaAt(method, step),
        rolloutEosRate: meanOf(written.map(({ ended }) => Number(ended))),
        epoch: (step * train.batchSize) / (this.parts.data.count * method.samplesPerPrompt),
        totalTokens: this.totalTokens,
        tokensPerSecond: (told.completionTokens * 1000) / (finished - started),
        rolloutMs,
        teacherMs: updating - judging,
        updateMs: finished - updating,
        stepMs: finished - started,
        memory: process.memoryUsage.rss(),
        deviceMemory: student.memory?.bytes ?? null,
        skipped: this.lossScale.state.skipped || null,
        lossScale: this.lossScale.state.scale && scale,
      },
    };
  }

  /** Lets the student's programs go; the teacher belongs to whoever brought it. */
  release(): Promise<void> {
    return this.parts.student.release();
  }

  /** The step's batch, with the student's own completions where the mixture says so, and those alone. */
  private async examples(step: number): Promise<{ examples: TrainingExample[]; own: Example[]; written: Written[] }> {
    const { seed, method } = this.settings;
    const batch = await this.parts.data.batch(step);
    const isOwn = drawOnPolicy(method, seed, step, batch.length);
    const own = batch.filter((_, at) => isOwn[at]);
    if (own.length === 0) return { examples: batch.map(({ given }) => ({ ...given, isOnPolicy: false })), own, written: [] };
    const written = await this.parts.rollouts!.write(own, step);
    const next = written.values();
    return {
      own, written,
      examples: batch.map((example, at): TrainingExample => {
        if (!isOwn[at]) return { ...example.given, isOnPolicy: false };
        const { tokens, advantages } = next.next().value!;
        return { index: example.index, prompt: example.prompt, completion: tokens, isOnPolicy: true, ...(advantages && { advantages }) };
      }),
    };
  }
}

/** What a teacher thinks of all of a step's texts; then it may rest, and the student learns. */
async function judgedBy(teacher: Teacher, batches: readonly MicroBatch[], memory: DeviceMemory | null): Promise<TeacherView[]> {
  const views: TeacherView[] = [];
  teacher.expect?.(batches);
  try {
    for (const batch of batches) views.push({ hidden: await (memory && teacher.hiddenIn ? teacher.hiddenIn(memory, batch) : teacher.hidden(batch)), head: teacher });
    await teacher.rest();
    return views;
  } catch (error) {
    forget(views);
    throw error;
  }
}

/** Lets go what a teacher has left on a device. */
function forget(views: readonly TeacherView[]): void {
  for (const { hidden } of views) if (isOnDevice<Tensor>(hidden)) hidden.memory.release(hidden);
}

/** Null of nothing. */
function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
