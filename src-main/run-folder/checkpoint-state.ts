import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { DEVICES } from '../contract/divergence.ts';
import { Problem } from '../contract/problem.ts';
import { digestOfText } from '../files/digest.ts';

const count = z.int().nonnegative();

const stateSchema = z.object({
  step: count,
  totalTokens: count,
  /** What a method with rewards expects of a text; null where there is none. */
  rewardBaseline: z.object({ mean: z.number(), weight: z.number() }).nullable().default(null),
  /** As the trainer has it; unknown of older checkpoints, whose steps have all changed something. */
  lossScale: z.object({ skipped: count, inARow: count, scale: z.number().positive().nullable(), good: count }).exactOptional(),
  /** Chosen at the start and kept, so that a resume computes in the same order. */
  microBatchSize: z.int().positive(),
  /** The same of every stage, of a run with several: the later ones are chosen with the first. */
  stageMicroBatchSizes: z.array(z.int().positive()).exactOptional(),
  /** Updates of every stage, of a run with several: where each began is known without the log. Older checkpoints have none. */
  stageSteps: z.array(z.int().positive()).exactOptional(),
  /** Threads inside an operator: sums are split among them, so their number shapes the last bits. Unknown of older checkpoints. */
  threads: z.int().positive().exactOptional(),
  /** Where the student lay. Unknown of older checkpoints. */
  device: z.enum(DEVICES).exactOptional(),
  /** `TEXT_VERSION` of the program that trained it. Older checkpoints have none. */
  textVersion: z.int().positive().exactOptional(),
  /** Where the recipe asks for it: which evaluation was the best, and evaluations in a row since that were no better. */
  best: z.object({ step: count, value: z.number() }).nullable().exactOptional(),
  evaluationsSinceBest: count.exactOptional(),
  /** SHA-256 of every file of the checkpoint but this one and what it can do without. Older checkpoints have none. */
  files: z.record(z.string(), z.string()).exactOptional(),
});
/** The last line of the file: SHA-256 of what stands before it. Older versions wrote none. */
const OWN = /^(.*),\n {2}"sha256": "([0-9a-f]{64})"\n\}\n$/s;

/** What a checkpoint knows besides weights and moments. Random numbers have no state, so this is all. */
export type CheckpointState = z.infer<typeof stateSchema>;

const STATE = 'state.json';

/** Written last, so that a checkpoint which has it is whole. */
export async function writeCheckpointState(folder: string, state: CheckpointState): Promise<void> {
  const text = JSON.stringify(state, null, 2).slice(0, -2);
  await writeFile(join(folder, STATE), `${text},\n  "sha256": "${digestOfText(text)}"\n}\n`);
}

/** @throws Problem where it is damaged, or not that of the folder's step. */
export async function readCheckpointState(folder: string): Promise<CheckpointState> {
  const path = join(folder, STATE);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new Problem(`Checkpoint state ${path} cannot be read.`, { hint: HINT, cause });
  });
  const own = OWN.exec(text);
  if (own ? digestOfText(own[1]!) !== own[2] : text.includes('"sha256"')) throw new Problem(`Checkpoint state ${path} is not as it was written.`, { hint: HINT });
  const step = Number(/^step-(\d+)$/.exec(basename(folder))?.[1] ?? NaN);
  const parsed = stateSchema.safeParse(parse(text));
  if (!parsed.success) throw new Problem(`Checkpoint state ${path} is damaged.`, { hint: HINT });
  if (parsed.data.step !== step) throw new Problem(`Checkpoint state ${path} is of step ${parsed.data.step}, not ${step}.`, { hint: HINT });
  return parsed.data;
}

const HINT = 'Go on from an earlier checkpoint: retort resume RUN --step N.';


function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
