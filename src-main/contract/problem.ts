/**
 * An error written for the person who meets it: what happened, where, and what to do.
 *
 * `input` problems (a wrong file, field, column, model) end a command with exit code 2 and are raised
 * before anything is written; `failure` problems (a full disk, a dead worker) end it with exit code 1.
 */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly kind: 'input' | 'failure';
  /** What the person can do about it, as one sentence. */
  readonly hint: string | undefined;

  constructor(message: string, options: { kind?: 'input' | 'failure'; hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = options.kind ?? 'input';
    this.hint = options.hint;
  }
}

/** The form in which a problem crosses a process boundary. */
export interface ProblemReport {
  message: string;
  kind: 'input' | 'failure';
  hint?: string;
  /** Of a failure, what was behind it: for who looks for the fault. */
  stack?: string;
}

/** What went wrong as a Problem: itself, or a failure of which nothing more is known. */
export const asProblem = (error: unknown): Problem => (error instanceof Problem ? error : new Problem((error as Error).message, { kind: 'failure' }));

export function toReport(error: unknown): ProblemReport {
  if (error instanceof Problem) {
    return { message: error.message, kind: error.kind, ...(error.hint === undefined ? {} : { hint: error.hint }), ...(error.kind === 'failure' ? behind(error.cause) : {}) };
  }
  const plain = error instanceof Error ? error : new Error(String(error));
  return { message: plain.message, kind: 'failure', ...(plain.stack === undefined ? {} : { stack: plain.stack }) };
}

function behind(cause: unknown): Pick<ProblemReport, 'stack'> {
  const stack = cause instanceof Error ? cause.stack ?? cause.message : cause;
  return typeof stack === 'string' ? { stack } : {};
}

export function fromReport(report: ProblemReport): Problem {
  return new Problem(report.message, {
    kind: report.kind,
    ...(report.hint === undefined ? {} : { hint: report.hint }),
    ...(report.stack === undefined ? {} : { cause: report.stack }),
  });
}
