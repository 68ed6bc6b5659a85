/** What a student did at the place where it left what its teacher would have written. */
export const FORK_KINDS = ['number', 'dropped', 'repetition', 'early-end', 'missing-end', 'format', 'wording'] as const;
export type ForkKind = (typeof FORK_KINDS)[number];

/**
 * What one token of a student's text is to its teacher: what it would have written as well, one of several words it
 * might have chosen, a fork, or what follows of an earlier fork.
 */
export const TOKEN_ROLES = ['agreed', 'choice', 'fork', 'consequence'] as const;
export type TokenRole = (typeof TOKEN_ROLES)[number];

export interface Fork {
  /** Index of the token in the completion. */
  position: number;
  kind: ForkKind;
  /** How much likelier the teacher found its own first choice, in nats. */
  gap: number;
}
