import { AsyncLocalStorage } from 'node:async_hooks';

type Listener = (rows: number) => void;

const listeners = new AsyncLocalStorage<Listener>();

/** Does work and tells how many rows of a file it has gone through, whatever part of it reads. */
export function followReading<T>(listen: Listener, work: () => T): T {
  return listeners.run(listen, work);
}

/** Said now and then by who reads a long file. @param rows  since the file's beginning */
export function tellReading(rows: number): void {
  listeners.getStore()?.(rows);
}
