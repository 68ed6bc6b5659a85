import { execFileSync } from 'node:child_process';

/** Whether a process is there. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** What a process has started and still runs. */
export function childrenOf(pid: number): number[] {
  return [...execFileSync('ps', ['-A', '-o', 'ppid=,pid='], { encoding: 'utf8' }).matchAll(/^ *(\d+) +(\d+)$/gm)]
    .flatMap(([, parent, child]) => (Number(parent) === pid ? [Number(child)] : []));
}

/** Ends a program and its workers at once, which have a process group of their own. */
export function killTree(pid: number): void {
  for (const each of [pid, ...childrenOf(pid)]) process.kill(each, 'SIGKILL');
}
