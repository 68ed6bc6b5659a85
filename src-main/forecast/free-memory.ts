import { freemem, totalmem } from 'node:os';

/** What may be had without pushing out another program; macOS fills its memory with what it can drop, and does not say how much that is. */
export const freeMemory = (): number => (process.platform === 'darwin' ? totalmem() : freemem());
