import type { Measured, Reached } from './measure.ts';
import type { Task } from './plan.ts';

/** One line of the result. Ratios above 1 mean that Retort is faster, a memory below 1 that it needs less. */
export interface Row extends Measured {
  size: string;
  task: Task;
  speedup: number | null;
  /** The same of the processor's time. */
  cpuSpeedup: number | null;
  /** The same of the fastest measurements, which a busy machine disturbs least. */
  fastestSpeedup: number | null;
  memory: number | null;
}

export function row(size: string, task: Task, measured: Measured): Row {
  const { retort, python } = measured;
  return {
    size, task, ...measured,
    speedup: python && python.ms / retort.ms,
    cpuSpeedup: python && python.cpuMs / retort.cpuMs,
    fastestSpeedup: python && python.fastestMs / retort.fastestMs,
    memory: python && retort.peakBytes / python.peakBytes,
  };
}

const PEER: Record<Task, string> = { step: 'PyTorch', iteration: 'TRL', int8: 'TRL', 'int8-fast': 'TRL', int4: 'TRL', 'int4-fast': 'TRL', adapters: 'TRL, PEFT' };
const MEASURED: Record<Task, string> = {
  step: 'training step', iteration: 'on-policy iteration', int8: 'the same, int8 teacher', 'int8-fast': 'the same, int8 teacher, fast products',
  int4: 'the same, int4 teacher', 'int4-fast': 'the same, int4 teacher, fast products', adapters: 'the same, adapters',
};
const HEADER = ['size', 'measured', 'Retort ms', 'peer', 'peer ms', 'times faster', 'by processor time', 'by the fastest', 'Retort GB', 'peer GB', 'memory', 'Retort: rollout + teacher + update ms'];

/** The rows as a Markdown table; in parentheses the fastest and the slowest. */
export function table(rows: readonly Row[]): string {
  const lines = rows.map(({ size, task, retort, python, speedup, cpuSpeedup, fastestSpeedup, memory }) => [
    size, MEASURED[task],
    time(retort), PEER[task], python ? time(python) : 'skipped', speedup?.toFixed(2) ?? '', cpuSpeedup?.toFixed(2) ?? '', fastestSpeedup?.toFixed(2) ?? '',
    gigabytes(retort), python ? gigabytes(python) : '', memory?.toFixed(2) ?? '',
    Object.values(retort.parts).map((part) => part.toFixed(0)).join(' + '),
  ]);
  return [HEADER, HEADER.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function time({ ms, fastestMs, slowestMs }: Reached): string {
  return `${ms.toFixed(0)} (${fastestMs.toFixed(0)} to ${slowestMs.toFixed(0)})`;
}

function gigabytes({ peakBytes }: Reached): string {
  return (peakBytes / 1e9).toFixed(2);
}
