import { app, utilityProcess, type UtilityProcess } from 'electron';
import type { CommandMap, WorkerHost } from '../contract/worker-host.ts';
import type { HostPort } from '../worker/ports.ts';
import { WorkerClient } from '../worker/worker-client.ts';
import { GoneProcesses } from './gone-processes.ts';

/** How much of stderr is kept to explain a death, in characters. */
const TAIL = 8192;
const NAME = 'Retort worker';
const ADVICE = 'A process of Electron also dies of one allocation over 1 GiB; plain Node, which the settings can choose to compute, does not.';

let gone: GoneProcesses | null = null;

/** The worker in a utility process of Electron. It is never started again by itself. */
export function utilityHost<M extends CommandMap>(entry: string, commands: M, env: Readonly<Record<string, string>>): WorkerHost<M> {
  gone ??= new GoneProcesses(app, NAME);
  const child = utilityProcess.fork(entry, [], { serviceName: NAME, stdio: 'pipe', env: { ...process.env, ...env } });
  return new WorkerClient(utilityPort(child, gone), commands);
}

function utilityPort(child: UtilityProcess, broken: GoneProcesses): HostPort {
  let output = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => { output = (output + text).slice(-TAIL); });
  // Read, so that a full pipe never blocks the worker.
  child.stdout?.resume();
  const end = new Promise<number>((resolve) => { child.once('exit', resolve); }).then((code) => broken.explain(code));
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
