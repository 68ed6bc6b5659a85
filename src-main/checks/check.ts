import type { Finding } from '../contract/finding.ts';
import type { Needs } from './needs.ts';

/**
 * One thing that is looked at before a run. It finds problems, which keep the run from starting, and what is worth
 * knowing; a `Problem` of kind input that `look` throws is a problem found.
 */
export interface Check {
  /** Begins every finding's code: "learning-rate". */
  readonly code: string;
  /** What `look` is given. Where one of these could not be had the check is passed over: why has been said. */
  readonly needs: readonly (keyof Needs)[];
  look(had: Needs): Finding[] | void | Promise<Finding[] | void>;
}

/** Makes a check whose `look` sees no more than it needs. */
export function check<Need extends keyof Needs>(
  code: string, needs: readonly Need[], look: (had: Pick<Needs, Need>) => Finding[] | void | Promise<Finding[] | void>,
): Check {
  return { code, needs, look };
}

/** What is worth knowing, with the code of the check that says it. */
export function notice(code: string, finding: Omit<Finding, 'code' | 'level'>): Finding {
  return { code, level: 'notice', ...finding };
}
