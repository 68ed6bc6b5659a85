import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';

/**
 * Programs of others that this process has started. Their lives are bound to its own: it ends them when it exits, and whoever
 * watches it is told of them, to end them where it is cut off and cannot.
 */
const running = new Set<number>();
let tell: ((running: readonly number[]) => void) | null = null;
let isEndedAtExit = false;

const IS_WINDOWS = process.platform === 'win32';

/** Starts a program with pipes to it. Whether it could be started is told as `spawn` or `error`, as by Node. */
export function startProgram(program: string, args: readonly string[], directory: string | undefined): ChildProcessWithoutNullStreams {
  // A group of its own, so that what it starts ends with it; on Windows that is found by its parent.
  const child = spawn(program, args, { cwd: directory, stdio: 'pipe', windowsHide: true, detached: !IS_WINDOWS });
  const { pid } = child;
  if (pid === undefined) return child;
  endThemAtExit();
  running.add(pid);
  tell?.([...running]);
  child.once('exit', () => {
    // What it left behind in its group.
    endProgram(pid, 'SIGKILL');
    running.delete(pid);
    tell?.([...running]);
  });
  return child;
}

/** Ends a program with all that it started. One that is gone already is none. */
export function endProgram(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (IS_WINDOWS) {
    spawn('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).on('error', () => undefined);
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody is left.
  }
}

/** Tells which programs run, by their process ids, now and whenever one comes or goes. */
export function watchPrograms(listen: (running: readonly number[]) => void): void {
  tell = listen;
}

function endThemAtExit(): void {
  if (isEndedAtExit) return;
  isEndedAtExit = true;
  process.once('exit', () => { for (const pid of running) endProgram(pid, 'SIGKILL'); });
}
