import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeWhole } from '../../files/write-whole.ts';
import type { TokenAnswer } from '../../remote/token-answers.ts';

/** What a model said of one text: its name stays when another one takes its place, and this does not. */
const witnessSchema = z.union([
  /** How likely it found the tokens of a text behind the first, in nats. */
  z.object({ ids: z.array(z.int()).min(2), logprobs: z.array(z.number()) }),
  /** What it wrote, where that is all that is asked of it. It may write otherwise by itself. */
  z.object({ text: z.string() }),
]);
export type Witness = z.infer<typeof witnessSchema>;

const FILE = 'witness.json';
/** Nats between two answers about a token, in the mean: other batches and kernels of one model move it by hundredths. */
const TOLERANCE = 0.1;
/** What is less likely than this is as good as impossible, and its rounding no difference. */
const FLOOR = -20;

export const witnessOf = (ids: readonly number[], answers: readonly TokenAnswer[]): Witness => ({ ids: [...ids], logprobs: answers.map(({ written }) => written.logprob) });

/** Whether one model may have said both. */
export function agree(before: Witness, now: Witness): boolean {
  if ('text' in before || 'text' in now) return 'text' in before && 'text' in now && before.text === now.text;
  if (before.ids.length !== now.ids.length || before.logprobs.length !== now.logprobs.length) return false;
  const apart = before.logprobs.reduce((sum, logprob, at) => sum + Math.abs(Math.max(logprob, FLOOR) - Math.max(now.logprobs[at]!, FLOOR)), 0);
  return apart / before.logprobs.length <= TOLERANCE;
}

/** Null where none was kept, or what is there cannot be read. */
export const readWitness = (folder: string): Promise<Witness | null> =>
  readFile(join(folder, FILE), 'utf8').then((text) => witnessSchema.parse(JSON.parse(text)), () => null);

export async function keepWitness(folder: string, witness: Witness): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeWhole(join(folder, FILE), [`${JSON.stringify(witness)}\n`], { replace: true });
}

/**
 * The folder of what a model has said, among those of all models that had its name: `base`, `base-2` and so on.
 * @param ask  what the model says now to what a witness of before was asked; to a text of the asker's choice where it is null
 * @returns `another`: it is a new one, behind those of others; `doubtful`: what the model writes has changed, which need not mean much
 */
export async function folderOfModel(base: string, ask: (before: Witness | null) => Promise<Witness>): Promise<{ folder: string; model: 'known' | 'another' | 'doubtful' }> {
  for (let count = 1; ; count += 1) {
    const folder = count === 1 ? base : `${base}-${count}`;
    const before = await readWitness(folder);
    const now = await ask(before);
    if (before === null) await keepWitness(folder, now);
    else if (!agree(before, now)) {
      if ('ids' in before) continue;
      return { folder, model: 'doubtful' };
    }
    return { folder, model: before === null && count > 1 ? 'another' : 'known' };
  }
}
