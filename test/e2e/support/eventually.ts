import { expect } from 'vitest';

/** Expects something to become true while the page works. */
export const eventually = <T>(find: () => Promise<T>): ReturnType<typeof expect.poll<T>> => expect.poll(find);
