import type { WorkerPort } from './ports.ts';

/** What Electron gives a utility process in `process.parentPort`. */
interface ParentPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown }) => void): void;
}

export function findParentPort(): ParentPort | null {
  return (process as NodeJS.Process & { parentPort?: ParentPort }).parentPort ?? null;
}

/** The worker's end in a utility process of Electron, which ends with its application. */
export function parentPort(port: ParentPort): WorkerPort {
  return {
    send: (message) => port.postMessage(message),
    onMessage: (listener) => port.on('message', ({ data }) => listener(data)),
    onDisconnect: () => undefined,
    // Messages are on their way once they are posted; a turn of the event loop sees them off.
    exit: () => { setTimeout(() => process.exit(0), 50); },
  };
}
