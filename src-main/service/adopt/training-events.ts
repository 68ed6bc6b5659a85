import { z } from 'zod';
import { Problem } from '../../contract/problem.ts';
import { visible, visibleLine } from '../../contract/visible.ts';

/**
 * What a training elsewhere tells, one JSON object a line of `events.jsonl`: Retort's events with places relative to the
 * run folder, texts as tokens, and null for numbers that are none.
 */
/** Milliseconds since 1970, up to the last that a date can tell. */
const at = z.int().nonnegative().max(8.64e15);
const step = z.int().nonnegative().max(2 ** 31);
const text = z.string().max(2 ** 20);
/** What is shown in one line, wherever. */
const name = text.transform(visibleLine);
/** Of a run, by far. */
const MOST_STAGES = 1000;
const token = z.int().nonnegative().max(2 ** 31);
const tokens = z.array(token).max(2 ** 20);
const checkpointPath = z.string().regex(/^checkpoints\/step-\d+$/);
const measured = z.number().nullable();
/** A number that every step has here. */
const orNaN = z.number().nullable().transform((value) => value ?? NaN);

const known = { divergenceOnPolicy: measured, divergenceOffPolicy: measured, teacherEntropy: measured, agreement: measured, rolloutLength: measured, rolloutEosRate: measured, reward: measured };
const always = {
  loss: orNaN, studentEntropy: orNaN, onPolicyShare: orNaN, gradientNorm: orNaN, learningRate: orNaN, lambda: orNaN, epoch: orNaN,
  completionTokens: orNaN, totalTokens: orNaN, tokensPerSecond: orNaN, rolloutMs: orNaN, teacherMs: orNaN, updateMs: orNaN, stepMs: orNaN, memory: orNaN,
};

const engineSchema = z.strictObject({
  name, version: name, processes: z.int().positive(), device: name, with: z.record(name, name),
});

const lineSchema = z.discriminatedUnion('event', [
  z.strictObject({ at, event: z.literal('started'), fromStep: step, steps: step, parameters: z.number(), stageSteps: z.array(step).max(MOST_STAGES).exactOptional(), engine: engineSchema }),
  z.strictObject({ at, event: z.literal('stage'), name, number: step, of: step, first: step, steps: step }),
  z.strictObject({ at, event: z.literal('step'), step, ...known, ...always }),
  z.strictObject({
    at, event: z.literal('rollouts'),
    rollouts: z.array(z.strictObject({ step, example: step, prompt: text, tokens, divergence: z.array(orNaN), ended: z.boolean() })
      .refine((rollout) => rollout.divergence.length === rollout.tokens.length, { path: ['divergence'], error: 'has not one number for each token' })),
  }),
  z.strictObject({ at, event: z.literal('evaluation'), step, path: z.string().regex(/^evaluations\/step-\d+\.jsonl$/) }),
  z.strictObject({ at, event: z.literal('checkpoint'), step, path: checkpointPath }),
  z.strictObject({ at, event: z.literal('done'), step, path: checkpointPath }),
  z.strictObject({ at, event: z.literal('stopped'), step }),
  z.strictObject({ at, event: z.literal('failed'), message: text.transform(visible) }),
]);
export type TrainingEvent = z.infer<typeof lineSchema>;

/** A held-out text: its place, sums over its learned tokens in nats, and what the student wrote to it. */
const judgedSchema = z.strictObject({
  place: step, prompt: text, reference: text.nullable(), tokens: z.int().nonnegative(), loss: orNaN, divergence: z.number().nullable(), written: tokens.nullable(),
});
export type JudgedLine = z.infer<typeof judgedSchema>;

/** @throws Problem that names file and line where it is no event */
export const readTrainingEvent = (line: string, path: string, number: number): TrainingEvent => parsed(lineSchema, line, path, number);
export const readJudgedLine = (line: string, path: string, number: number): JudgedLine => parsed(judgedSchema, line, path, number);

function parsed<T>(schema: z.ZodType<T>, line: string, path: string, number: number): T {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (cause) {
    throw new Problem(`${path}, line ${number} is not JSON.`, { hint: 'It is not what retort handover\'s scripts write.', cause });
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Problem(`${path}, line ${number}: ${issue!.path.join('.')} ${issue!.message}.`, { hint: 'Use the scripts of one version of Retort, as retort handover writes them.' });
}
