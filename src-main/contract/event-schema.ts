import { z } from 'zod';
import { DEVICES } from './divergence.ts';
import type { BestScore } from './best.ts';
import type { Evaluation, Rollout, RunEvent, StepMetrics } from './events.ts';
import type { MemoryForecast } from './forecast.ts';
import type { ProblemReport } from './problem.ts';

/**
 * Validators of what `events.ts` and `problem.ts` describe, for whoever receives it from another process.
 * A measured number may be NaN or infinite: a diverging run must still be able to say so.
 */
const real = z.custom<number>((value) => typeof value === 'number', 'not a number');
const measured = real.nullable();
const step = z.int().nonnegative();
const text = z.string();

export const problemReportSchema = z.strictObject({
  message: text, kind: z.enum(['input', 'failure']), hint: text.exactOptional(), stack: text.exactOptional(),
}) satisfies z.ZodType<ProblemReport>;

export const stepMetricsSchema = z.strictObject({
  step, loss: real, divergenceOnPolicy: measured, divergenceOffPolicy: measured, studentEntropy: real,
  teacherEntropy: measured, agreement: measured, teacherCovered: measured.default(null), teacherCompared: measured.default(null), onPolicyShare: real, rolloutLength: measured, rolloutEosRate: measured, reward: measured,
  gradientNorm: real, learningRate: real, lambda: real, epoch: real, completionTokens: real, totalTokens: real,
  tokensPerSecond: real, rolloutMs: real, teacherMs: real, updateMs: real, stepMs: real, memory: real, deviceMemory: measured.default(null), skipped: measured.default(null), lossScale: measured.default(null),
}) satisfies z.ZodType<StepMetrics>;

/** What a checkpoint of an older version does not tell. */
const since = measured.default(null);
export const evaluationSchema = z.strictObject({
  step, examples: z.int().nonnegative(), divergence: measured, loss: measured,
  divergenceLow: since, divergenceHigh: since, lossLow: since, lossHigh: since,
  metrics: z.record(text, z.strictObject({ value: real, low: measured, high: measured })),
  samples: z.array(z.strictObject({ prompt: text, prediction: text, reference: text.nullable(), teacher: text.nullable() })),
}) satisfies z.ZodType<Evaluation>;

const best = z.strictObject({ name: text, step, value: real }).exactOptional() satisfies z.ZodType<BestScore | undefined>;

export const rolloutSchema = z.strictObject({
  step, example: z.int().nonnegative(), prompt: text, completion: text,
  tokens: z.array(z.int()), divergence: z.array(real), ended: z.boolean(),
}) satisfies z.ZodType<Rollout>;

export const warningSchema = z.strictObject({ event: z.literal('warning'), code: text, message: text });

export const phaseSchema = z.strictObject({
  event: z.literal('phase'),
  phase: z.enum(['prepare', 'teacher-data', 'teacher-states', 'train', 'evaluate', 'checkpoint', 'export']),
  done: real, total: real,
});

const stageBegun = { name: text, number: step, of: step, first: step, steps: step };
const expected = z.strictObject({ expected: real, measured: real });
const parts = z.strictObject({ weights: real, gradients: real, moments: real, teacher: real, runtime: real, activations: real, decoding: real, cache: real });
const memorySchema = z.strictObject({
  parts, peak: real, free: real, total: real,
  device: z.strictObject({ name: z.enum(DEVICES), parts, peak: real }).exactOptional(),
}) satisfies z.ZodType<MemoryForecast>;

export const runEventSchema = z.discriminatedUnion('event', [
  z.strictObject({
    event: z.literal('started'), runId: text, runDir: text, name: text, steps: step, fromStep: step, parameters: real, stageSteps: z.array(step).exactOptional(),
  }),
  z.strictObject({ event: z.literal('stage'), ...stageBegun }),
  z.strictObject({ event: z.literal('restored'), steps: z.array(stepMetricsSchema), evaluations: z.array(evaluationSchema), checkpoint: z.strictObject({ step, path: text }), best, stages: z.array(z.strictObject(stageBegun)).exactOptional() }),
  z.strictObject({ event: z.literal('forecast'), memory: memorySchema }),
  z.strictObject({ event: z.literal('pace'), totalMs: real }),
  z.strictObject({ event: z.literal('outcome'), outcome: z.strictObject({ memory: expected, time: expected.nullable() }) }),
  phaseSchema,
  stepMetricsSchema.extend({ event: z.literal('step') }),
  z.strictObject({ event: z.literal('rollouts'), rollouts: z.array(rolloutSchema) }),
  evaluationSchema.extend({ event: z.literal('evaluation') }),
  z.strictObject({ event: z.literal('checkpoint'), step, path: text, best }),
  warningSchema,
  z.strictObject({ event: z.literal('stopped'), step, checkpoint: text.nullable() }),
  z.strictObject({
    event: z.literal('done'), step, checkpoint: text, best,
    stoppedEarly: z.strictObject({ metric: text, evaluations: z.int().positive() }).exactOptional(),
  }),
  z.strictObject({ event: z.literal('failed'), error: problemReportSchema }),
]) satisfies z.ZodType<RunEvent>;
