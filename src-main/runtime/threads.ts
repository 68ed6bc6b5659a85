import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Set while a run computes that must go on with its own number. A process computes one run at a time. */
let ofRun: number | null = null;

/** Threads inside an operator; 0 leaves their number to ONNX Runtime. */
export const threads = (): number => ofRun ?? Number(process.env['RETORT_THREADS'] ?? 0);

/**
 * Sums are split among the threads, so their number shapes the last bits of a result; the machine's cores do not.
 * @param count  what a run began with; null for a new one
 * @returns the number that is used from now on, and that of the settings
 */
export function takeThreads(count: number | null): { used: number; set: number } {
  ofRun = null;
  const set = threads() || ownChoice();
  const used = count ?? set;
  // ONNX Runtime's own choice is the same number, on cores that it chooses well.
  ofRun = used === set ? null : used;
  return { used, set };
}

export function releaseThreads(): void {
  ofRun = null;
}

/** As ONNX Runtime chooses: one for each physical core. */
function ownChoice(): number {
  return physicalCores() ?? availableParallelism();
}

function physicalCores(): number | null {
  if (process.platform !== 'linux') return null;
  try {
    const cores = readFileSync('/proc/cpuinfo', 'utf8').split('\n\n').map((core) => ['physical id', 'core id'].map((name) => new RegExp(`^${name}\\s*: (\\d+)`, 'm').exec(core)?.[1]).join());
    return new Set(cores.filter((core) => /^\d+,\d+$/.test(core))).size || null;
  } catch {
    return null;
  }
}
