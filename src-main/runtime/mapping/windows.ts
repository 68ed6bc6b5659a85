import { toNamespacedPath } from 'node:path';
import koffi from 'koffi';
import type { MapCall } from './map-call.ts';

/** Constants of `fileapi.h`, `winnt.h` and `memoryapi.h`. */
const GENERIC_READ = 0x80000000;
const SHARE_READ_WRITE_DELETE = 7;
const OPEN_EXISTING = 3;
const INVALID_HANDLE = 2n ** 64n - 1n;
const PAGE_READONLY = 2;
const FILE_MAP_READ = 4;

/** A view of a file, by the calls of Win32, which know nothing of Node's file descriptors. @throws Error where they cannot be called */
export function windowsMap(): MapCall {
  const kernel = koffi.load('kernel32.dll');
  const createFile = kernel.func('CreateFileW', 'void *', ['str16', 'uint32', 'uint32', 'void *', 'uint32', 'uint32', 'void *']) as (...values: unknown[]) => bigint | null;
  const createMapping = kernel.func('CreateFileMappingW', 'void *', ['void *', 'void *', 'uint32', 'uint32', 'uint32', 'str16']) as (...values: unknown[]) => bigint | null;
  const mapView = kernel.func('MapViewOfFile', 'void *', ['void *', 'uint32', 'uint32', 'uint32', 'size_t']) as (...values: unknown[]) => bigint | null;
  const unmapView = kernel.func('UnmapViewOfFile', 'int', ['void *']) as (address: bigint) => number;
  const close = kernel.func('CloseHandle', 'int', ['void *']) as (handle: bigint) => number;

  /** The view keeps its file, so both handles are closed at once. */
  return (path, _, bytes) => {
    const file = createFile(toNamespacedPath(path), GENERIC_READ, SHARE_READ_WRITE_DELETE, null, OPEN_EXISTING, 0, null);
    if (file === null || file === INVALID_HANDLE) return null;
    const mapping = createMapping(file, null, PAGE_READONLY, 0, 0, null);
    close(file);
    if (mapping === null) return null;
    const address = mapView(mapping, FILE_MAP_READ, 0, 0, bytes);
    close(mapping);
    return address === null ? null : { address, unmap: () => { unmapView(address); } };
  };
}
