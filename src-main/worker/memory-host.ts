import type { CommandMap, WorkerHost } from '../contract/worker-host.ts';
import type { HostPort, WorkerEnd, WorkerPort } from './ports.ts';
import { serve, type Handlers } from './serve.ts';
import { WorkerClient } from './worker-client.ts';

/**
 * The worker inside the calling process: for tests, and for a command line that has nothing else to do.
 * Messages are cloned and delivered in order on later turns of the event loop, as between processes.
 */
export function memoryHost<M extends CommandMap>(commands: M, handlers: Handlers<M>): WorkerHost<M> {
  const { hostPort, workerPort } = portPair();
  const client = new WorkerClient(hostPort, commands);
  serve(workerPort, commands, handlers);
  return client;
}

function portPair(): { hostPort: HostPort; workerPort: WorkerPort } {
  let toHost: (message: unknown) => void = () => undefined;
  let toWorker: (message: unknown) => void = () => undefined;
  let onEnd: (end: WorkerEnd) => void = () => undefined;
  let onDisconnect: () => void = () => undefined;
  let over = false;
  const later = (deliver: () => void): void => { setImmediate(() => { if (!over) deliver(); }); };
  const finish = (end: WorkerEnd): void => later(() => {
    over = true;
    onEnd(end);
  });
  return {
    hostPort: {
      send: (message) => { const copy: unknown = structuredClone(message); later(() => toWorker(copy)); },
      onMessage: (listener) => { toHost = listener; },
      onEnd: (listener) => { onEnd = listener; },
      // Nothing can end a handler from outside here; it is told to stop and no longer listened to.
      kill: () => { onDisconnect(); finish({ code: null, signal: 'SIGKILL', output: '' }); },
    },
    workerPort: {
      send: (message) => { const copy: unknown = structuredClone(message); later(() => toHost(copy)); },
      onMessage: (listener) => { toWorker = listener; },
      onDisconnect: (listener) => { onDisconnect = listener; },
      exit: () => finish({ code: 0, signal: null, output: '' }),
    },
  };
}
