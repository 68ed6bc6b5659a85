import type { ToldFork } from '../../../src-main/contract/inspection.ts';

/** What became of the forks of a prompt from one student to a later one. */
export interface ForkChanges { repaired: ToldFork[]; stayed: ToldFork[]; fresh: ToldFork[] }

interface Text { tokens: readonly { text: string }[]; forks: readonly ToldFork[] }

/**
 * Two forks are the same where the teacher wanted the same token after the same text, or, with other text before them,
 * where kind, place and both tokens are the same.
 */
export function forkChanges(before: Text, after: Text): ForkChanges {
  const begun = ({ tokens }: Text, { position }: ToldFork): string => tokens.slice(0, position).map(({ text }) => text).join('');
  const isSame = (old: ToldFork, now: ToldFork): boolean => old.wanted === now.wanted
    && (begun(before, old) === begun(after, now) || (old.kind === now.kind && old.text === now.text && old.position === now.position));
  return {
    repaired: before.forks.filter((old) => !after.forks.some((now) => isSame(old, now))),
    stayed: after.forks.filter((now) => before.forks.some((old) => isSame(old, now))),
    fresh: after.forks.filter((now) => !before.forks.some((old) => isSame(old, now))),
  };
}
