import type { StoredLogEntry } from '../../../src-main/contract/history.ts';

/** What the signs of a student's writing falling apart mean, and what helps. */
const MEANINGS: Readonly<Record<string, string>> = {
  repetition: 'A student that learns from its own text can fall into loops the teacher does not punish enough. Look at its rollouts; a lower lambda, a smaller learning rate or a forward divergence holds it to the data.',
  length: 'Growing texts are often a student that has forgotten how to end. Check that the data\'s completions end where they should, and look at the share of texts it ends.',
  eos: 'Texts that are cut off teach nothing about how to end. More data in the mixture (a lower lambda), or a larger maxCompletionTokens where answers are really that long.',
  skipped: 'One now and then is harmless, and float16 finds its range by a few. Many say that numbers grow out of bounds: a lower learning rate, train.clipNorm, or for float16 train.compute bf16 or fp32.',
  entropy: 'A student that is far surer than its teacher has settled on few answers: diversity is gone, and reverse KL or a beta near 1 drives it there. A beta nearer 0 or a higher sampling temperature keeps it open.',
};

/** What was last said of a student that cannot write at all; undefined where it can, or can by now. */
export function cannotWriteIn(entries: readonly StoredLogEntry[]): StoredLogEntry | undefined {
  const last = entries.findLast(({ code }) => code === 'cannot-write' || code === 'can-write');
  return last?.code === 'cannot-write' ? last : undefined;
}

/** What is said at the start and was not known on Review. */
const SINCE_START = new Set(['inputs', 'changed', 'damaged', 'beginning', 'threads', 'text', 'student', 'device']);

/** Whether something was known before the run began, and so has been said on Review. */
export function wasKnown({ code, step }: StoredLogEntry): boolean {
  return step === 0 && !SINCE_START.has(code) && !(code in MEANINGS);
}

/** The guard compares with the run's own beginning: what is said before the first step is about something else. */
export function meaningOf({ code, step }: StoredLogEntry): string | undefined {
  return step > 0 ? MEANINGS[code] : undefined;
}
