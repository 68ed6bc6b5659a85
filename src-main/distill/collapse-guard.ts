import type { StepMetrics } from '../contract/events.ts';
import { whyCannotWrite, type Ability } from './cannot-write.ts';
import { repetitionRate } from '../metrics/repetition.ts';

/** What is told where a student cannot write at all, and where it can again. */
export const [CANNOT_WRITE, CAN_WRITE] = ['cannot-write', 'can-write'] as const;
export const COLLAPSE_SIGNS = ['repetition', 'length', 'eos', 'entropy'] as const;
export type CollapseSign = (typeof COLLAPSE_SIGNS)[number];
export interface CollapseWarning { code: CollapseSign | typeof CANNOT_WRITE | typeof CAN_WRITE; message: string }

/** What one step tells of the student's own writing, each a mean over its completions. */
interface Writing { repetition: number; length: number; eosRate: number; entropy: number; teacherEntropy: number }

/** Steps with text of the student's own that are averaged: enough that one odd batch is no alarm. */
const WINDOW = 20;

const percent = (share: number): string => `${Math.round(100 * share)}%`;

/**
 * Signs that a student's writing falls apart, each compared with how the same run began. A sign warns once, and again
 * only after it had gone away.
 */
const SIGNS: Readonly<Record<CollapseSign, { holds(now: Writing, first: Writing): boolean; message(now: Writing, first: Writing): string }>> = {
  repetition: {
    holds: (now, first) => now.repetition > 0.3 && now.repetition > 2 * first.repetition,
    message: (now, first) => `The student repeats itself: ${percent(now.repetition)} of its phrases were said before, ${percent(first.repetition)} at the start.`,
  },
  length: {
    holds: (now, first) => now.length > 2 * first.length && now.length > first.length + 8,
    message: (now, first) => `The student's texts have grown from ${first.length.toFixed(0)} to ${now.length.toFixed(0)} tokens.`,
  },
  eos: {
    holds: (now, first) => first.eosRate > 0.2 && now.eosRate < first.eosRate / 4,
    message: (now, first) => `The student hardly ends its texts any more: ${percent(now.eosRate)}, ${percent(first.eosRate)} at the start.`,
  },
  entropy: {
    holds: (now, first) => now.entropy < first.entropy / 5 && now.entropy < now.teacherEntropy / 5,
    message: (now) => `The student is far surer of its words than the teacher: ${now.entropy.toFixed(3)} nats a token against ${now.teacherEntropy.toFixed(3)}.`,
  },
};

/** Watches what the student writes while it learns. */
export class CollapseGuard {
  private readonly recent: Writing[] = [];
  private first: Writing | null = null;
  private readonly warned = new Set<CollapseSign>();
  private cannotWrite = false;

  /** Looks for what needs no beginning to be compared with. @returns what is to be told, once until it changes */
  judge(ability: Ability): CollapseWarning[] {
    const reasons = whyCannotWrite(ability);
    if (reasons.length > 0 === this.cannotWrite) return [];
    this.cannotWrite = !this.cannotWrite;
    return [this.cannotWrite
      ? { code: CANNOT_WRITE, message: `This student cannot write yet: ${reasons.join('; ')}.` }
      : { code: CAN_WRITE, message: 'The student has begun to write: the signs that it cannot are gone.' }];
  }

  /** @returns what is to be told of this step */
  watch(metrics: StepMetrics, rollouts: readonly { tokens: readonly number[] }[]): CollapseWarning[] {
    const { rolloutLength, rolloutEosRate, studentEntropy, teacherEntropy } = metrics;
    if (rollouts.length === 0 || rolloutLength === null || rolloutEosRate === null) return [];
    this.recent.push({
      repetition: mean(rollouts.map(({ tokens }) => repetitionRate(tokens))),
      length: rolloutLength, eosRate: rolloutEosRate, entropy: studentEntropy, teacherEntropy: teacherEntropy ?? 0,
    });
    if (this.recent.length < WINDOW) return [];
    const now = average(this.recent);
    this.recent.shift();
    if (!this.first) {
      this.first = now;
      return [];
    }
    return COLLAPSE_SIGNS.flatMap((code) => this.look(code, now, this.first!));
  }

  private look(code: CollapseSign, now: Writing, first: Writing): CollapseWarning[] {
    const sign = SIGNS[code];
    if (!sign.holds(now, first)) {
      this.warned.delete(code);
      return [];
    }
    if (this.warned.has(code)) return [];
    this.warned.add(code);
    return [{ code, message: sign.message(now, first) }];
  }
}

function average(all: readonly Writing[]): Writing {
  const of = (field: keyof Writing): number => mean(all.map((writing) => writing[field]));
  return { repetition: of('repetition'), length: of('length'), eosRate: of('eosRate'), entropy: of('entropy'), teacherEntropy: of('teacherEntropy') };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
