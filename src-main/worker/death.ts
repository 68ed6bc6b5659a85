import { Problem } from '../contract/problem.ts';
import type { WorkerEnd } from './ports.ts';

/** Signals by which a person or the system asks a process to end; all others mean that it broke. */
const ASKED = new Set(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT']);
const MEMORY = /bad_alloc|out of memory|cannot allocate|ENOMEM|Array buffer allocation failed/i;
const JAVASCRIPT_ERROR = /^(?:Uncaught )?((?:\w*Error|Problem)\b.*)$/m;

/**
 * Says what a worker probably died of. ONNX Runtime's allocations end a process without a word: the system
 * kills it for memory, or Electron does at an allocation of 1 GiB.
 */
export function explainDeath(end: WorkerEnd, wasReady: boolean): Problem {
  const how = end.signal ? `signal ${end.signal}` : `exit code ${end.code ?? 'unknown'}`;
  if (end.error) {
    return new Problem(`The computing process could not be started: ${end.error.message}`, { kind: 'failure', cause: end.error });
  }
  const outOfMemory = MEMORY.test(end.output);
  const said = outOfMemory || end.signal ? undefined : JAVASCRIPT_ERROR.exec(end.output)?.[1];
  if (said !== undefined || end.code === 0 || (end.signal && ASKED.has(end.signal))) {
    return new Problem(`The computing process ended ${wasReady ? 'unexpectedly' : 'while it was starting'} (${how})${said ? `: ${said}` : '.'}`, {
      kind: 'failure', cause: end.output,
    });
  }
  if (!wasReady && !outOfMemory && !end.signal) {
    return new Problem(`The computing process ended while it was starting (${how}).${lastLine(end.output)}`, { kind: 'failure', cause: end.output });
  }
  return new Problem(`The computing process died without a word (${how}): it probably ran out of memory.`, {
    kind: 'failure',
    hint: `Lower train.microBatchSize or the token limits, choose smaller models, or close other programs; then go on from the last checkpoint with \`retort resume\`.${end.advice === undefined ? '' : ` ${end.advice}`}`,
    cause: end.output,
  });
}

function lastLine(output: string): string {
  const line = output.trim().split('\n').at(-1) ?? '';
  return line === '' ? '' : ` Its last words: ${line}`;
}
