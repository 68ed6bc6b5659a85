import koffi from 'koffi';
import type { MapCall } from './map-call.ts';

/** Constants of `sys/mman.h`, the same on Linux and macOS. */
const PROT_READ = 1;
const MAP_SHARED = 1;
const FAILED = 2n ** 64n - 1n;

/** `mmap` of the C library that the process runs on. @throws Error where it cannot be called */
export function posixMap(): MapCall {
  const library = koffi.load(null);
  const mmap = library.func('mmap', 'void *', ['void *', 'size_t', 'int', 'int', 'int', 'int64_t']) as (...values: unknown[]) => bigint;
  const munmap = library.func('munmap', 'int', ['void *', 'size_t']) as (address: bigint, bytes: number) => number;
  return (_, fd, bytes) => {
    const address = mmap(null, bytes, PROT_READ, MAP_SHARED, fd, 0);
    return address === FAILED ? null : { address, unmap: () => { munmap(address, bytes); } };
  };
}
