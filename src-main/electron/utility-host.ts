import { app, utilityProcess, type Details, type UtilityProcess } from 'electron';
import type { CommandMap, WorkerHost } from '../contract/worker-host.ts';
import type { HostPort, WorkerEnd } from '../worker/ports.ts';
import { WorkerClient } from '../worker/worker-client.ts';

/** How much of stderr is kept to explain a death, in characters. */
const TAIL = 8192;
/** Milliseconds to wait for the application's own word on how a process ended. */
const GRACE = 1500;
const ADVICE = 'A process of Electron also dies of one allocation over 1 GiB; plain Node, which the settings can choose to compute, does not.';

/** The worker in a utility process of Electron. It is never started again by itself. */
export function utilityHost<M extends CommandMap>(entry: string, commands: M, env: Readonly<Record<string, string>>): WorkerHost<M> {
  const child = utilityProcess.fork(entry, [], { serviceName: 'Retort worker', stdio: 'pipe', env: { ...process.env, ...env } });
  return new WorkerClient(utilityPort(child), commands);
}

function utilityPort(child: UtilityProcess): HostPort {
  let output = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => { output = (output + text).slice(-TAIL); });
  // Read, so that a full pipe never blocks the worker.
  child.stdout?.resume();
  const end = endOf(child);
  return {
    send: (message) => child.postMessage(message),
    onMessage: (listener) => { child.on('message', listener); },
    onEnd: (listener) => { void end.then((how) => listener({ ...how, output, advice: ADVICE })); },
    kill: () => {
      const { pid } = child;
      child.kill();
      // It asks politely, which a process that is busy in a library may not hear.
      if (pid !== undefined && process.platform !== 'win32') setTimeout(() => { if (child.pid === pid) process.kill(pid, 'SIGKILL'); }, 500).unref();
    },
  };
}

/**
 * A crash is told twice: `exit` of the process, with a code that means little, and the application's
 * `child-process-gone`, with a reason. Either may come first, or alone.
 */
function endOf(child: UtilityProcess): Promise<Pick<WorkerEnd, 'code' | 'signal'>> {
  return new Promise((resolve) => {
    let reason: string | null = null;
    const gone = (_: unknown, { type, reason: why, serviceName }: Details): void => {
      if (type === 'Utility' && serviceName === 'Retort worker' && why !== 'clean-exit') reason = why;
    };
    app.on('child-process-gone', gone);
    child.once('exit', (code: number) => {
      setTimeout(() => {
        app.off('child-process-gone', gone);
        const isBroken = reason === 'crashed' || reason === 'oom' || reason === 'killed';
        resolve(isBroken ? { code: null, signal: reason } : { code, signal: null });
      }, GRACE);
    });
  });
}
