import { Problem } from '../contract/problem.ts';

/** Ctrl-C ends a download in order; what is here of it is kept. */
export function cancelOnInterrupt(): AbortSignal {
  const controller = new AbortController();
  process.once('SIGINT', () => controller.abort(new Problem('Cancelled.', { kind: 'failure', hint: 'What was downloaded is kept; the same command goes on from there.' })));
  return controller.signal;
}
