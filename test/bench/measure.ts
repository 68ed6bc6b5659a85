import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ALLOCATOR } from '../../src-main/worker/allocator.ts';
import { Peer, type Answer } from './peer.ts';
import type { Task } from './plan.ts';

/** What one peer reached: medians of its answers, in milliseconds, and its peak in bytes. */
export interface Reached {
  ms: number;
  /** Of the processor: what counts where other work takes turns with both. */
  cpuMs: number;
  fastestMs: number;
  slowestMs: number;
  peakBytes: number;
  parts: Record<string, number>;
}

/** Of the Python peer nothing where there is no Python. */
export interface Measured { retort: Reached; python: Reached | null }

/** The first answers make programs, caches and memory. */
const WARM_UP = 2;

/**
 * Measures both peers by turns, so that whatever else the machine does meets both alike.
 * @param threads  of either; 0 for as many as there are processors
 */
export async function measure(task: Task, plan: string, python: string | null, rounds: number, threads: number): Promise<Measured> {
  const peers = { retort: retortPeer(plan, threads), ...(python !== null && { python: pythonPeer(python, task, plan, threads) }) };
  const answers: Record<'retort' | 'python', Answer[]> = { retort: [], python: [] };
  try {
    for (let round = -WARM_UP; round < rounds; round++) {
      const order = round % 2 === 0 ? ['retort', 'python'] as const : ['python', 'retort'] as const;
      for (const name of order) {
        const answer = await peers[name]?.measure();
        if (answer && round >= 0) answers[name].push(answer);
      }
    }
  } finally {
    await Promise.all(Object.values(peers).map((peer) => peer.close()));
  }
  return { retort: summarize(answers.retort), python: python === null ? null : summarize(answers.python) };
}

export function retortPeer(plan: string, threads: number): Peer {
  return new Peer(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'children', 'retort.ts'), plan], { ...ALLOCATOR, RETORT_THREADS: String(threads) });
}

/** @param hasCard  whether it may see one */
export function pythonPeer(python: string, task: Task, plan: string, threads: number, hasCard = false): Peer {
  const script = task === 'step' ? 'pytorch_step.py' : 'trl_iteration.py';
  return new Peer(python, [join(import.meta.dirname, 'peers', script), plan], {
    OMP_NUM_THREADS: String(threads || availableParallelism()), ...(!hasCard && { CUDA_VISIBLE_DEVICES: '' }), TRL_EXPERIMENTAL_SILENCE: '1', HF_HUB_OFFLINE: '1',
    PYTHONDONTWRITEBYTECODE: '1',
  });
}

function summarize(answers: readonly Answer[]): Reached {
  const times = answers.map(({ ms }) => ms);
  const names = Object.keys(answers[0]?.parts ?? {});
  return {
    ms: median(times),
    cpuMs: median(answers.map(({ cpuMs }) => cpuMs)),
    fastestMs: Math.min(...times),
    slowestMs: Math.max(...times),
    peakBytes: Math.max(...answers.map(({ peakBytes }) => peakBytes)),
    parts: Object.fromEntries(names.map((name) => [name, median(answers.map(({ parts }) => parts![name]!))])),
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
