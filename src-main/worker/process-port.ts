import type { WorkerPort } from './ports.ts';

/** Milliseconds that handlers have to come to a step boundary after the program is gone. */
const GRACE = 30_000;

/** The worker's end in a Node child made by `childHost`. */
export function processPort(): WorkerPort {
  if (!process.send) throw new Error('This file is started by Retort as a child process, not by hand.');
  // Ctrl-C on a terminal reaches the whole group of processes; the program decides what to do about it.
  process.on('SIGINT', () => undefined);
  let undelivered = 0;
  let exiting = false;
  const exitIfDelivered = (): void => {
    if (exiting && (undelivered === 0 || !process.connected)) process.exit(0);
  };
  return {
    send: (message) => {
      if (!process.connected) return;
      process.send?.(message, undefined, undefined, () => {
        undelivered -= 1;
        exitIfDelivered();
      });
      undelivered += 1;
    },
    onMessage: (listener) => { process.on('message', listener); },
    onDisconnect: (listener) => {
      process.on('disconnect', () => {
        setTimeout(() => process.exit(1), GRACE).unref();
        listener();
      });
    },
    exit: () => {
      exiting = true;
      exitIfDelivered();
    },
  };
}
