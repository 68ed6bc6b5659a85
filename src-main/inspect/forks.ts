import type { Fork, ForkKind, TokenRole } from '../contract/fork.ts';
import type { TokenJudgement } from '../contract/token-report.ts';

/** A teacher that gives its first choice at least this much is decided: another token is no matter of taste. */
const DECIDED = 0.5;
/** How many times likelier the first choice must be than the student's token: for a decided teacher, and for one that is spread. */
const GAP_DECIDED = Math.log(10);
const GAP_SPREAD = Math.log(1000);
/** A token within this of the first choice is agreed with. */
const GAP_AGREED = Math.log(2);
/** Tokens agreed with in a row after which the teacher follows again: what comes then is no consequence any more. */
const RECOVERY = 3;
/** Tokens that must have stood together before to be a repetition. */
const REPEATED = 4;
/** Tokens that must stand in the teacher's continuation for what lies between to be dropped. */
const SKIPPED_TO = 3;

/** What every token is to the teacher, in order. */
export function tokenRoles(tokens: readonly TokenJudgement[]): TokenRole[] {
  /** Tokens agreed with since the last fork; null before any. */
  let agreed: number | null = null;
  return tokens.map((token) => {
    const follows = agreed !== null && agreed < RECOVERY;
    if (token.compared === false) return follows ? 'consequence' : 'choice';
    const gap = gapOf(token);
    if (gap <= GAP_AGREED) {
      if (agreed !== null) agreed++;
      return follows ? 'consequence' : 'agreed';
    }
    if (!isMistake(token, gap)) return follows ? 'consequence' : 'choice';
    agreed = 0;
    return follows ? 'consequence' : 'fork';
  });
}

export interface ForkContext {
  /** Ids that end a text. */
  eos: ReadonlySet<number>;
  /** What the teacher writes from a position on instead; null where it was not asked. */
  continuation(position: number): readonly number[] | null;
}

/** The places where the student leaves what its teacher would have written, and what it did there. */
export function findForks(tokens: readonly TokenJudgement[], context: ForkContext): Fork[] {
  return tokenRoles(tokens).flatMap((role, position) => (role === 'fork'
    ? [{ position, kind: kindOf(tokens, position, context), gap: gapOf(tokens[position]!) }] : []));
}

const gapOf = ({ teacherTop, teacherLogprob }: TokenJudgement): number => teacherTop[0]!.logprob - teacherLogprob;

function isMistake({ teacherTop }: TokenJudgement, gap: number): boolean {
  return gap > (Math.exp(teacherTop[0]!.logprob) >= DECIDED ? GAP_DECIDED : GAP_SPREAD);
}

function kindOf(tokens: readonly TokenJudgement[], at: number, { eos, continuation }: ForkContext): ForkKind {
  const { id, text, teacherTop: [wanted] } = tokens[at]!;
  if (eos.has(id)) return 'early-end';
  if (eos.has(wanted!.id)) return 'missing-end';
  if (repeats(tokens, at)) return 'repetition';
  if (skips(tokens, at, continuation(at))) return 'dropped';
  if (/\p{N}/u.test(text) || /\p{N}/u.test(wanted!.text)) return 'number';
  if (!/[\p{L}\p{N}]/u.test(text) || !/[\p{L}\p{N}]/u.test(wanted!.text)) return 'format';
  return 'wording';
}

/** Whether the text goes on from here with a passage it has had before. */
function repeats(tokens: readonly TokenJudgement[], at: number): boolean {
  if (at + REPEATED > tokens.length) return false;
  for (let earlier = 0; earlier + REPEATED <= at; earlier++) {
    if (matches(tokens, at, (offset) => tokens[earlier + offset]!.id, REPEATED)) return true;
  }
  return false;
}

/** Whether the text goes on from here with what the teacher would have written only later. */
function skips(tokens: readonly TokenJudgement[], at: number, continuation: readonly number[] | null): boolean {
  if (!continuation || at + SKIPPED_TO > tokens.length) return false;
  for (let later = 1; later + SKIPPED_TO <= continuation.length; later++) {
    if (matches(tokens, at, (offset) => continuation[later + offset]!, SKIPPED_TO)) return true;
  }
  return false;
}

function matches(tokens: readonly TokenJudgement[], at: number, other: (offset: number) => number, count: number): boolean {
  for (let offset = 0; offset < count; offset++) if (tokens[at + offset]!.id !== other(offset)) return false;
  return true;
}
