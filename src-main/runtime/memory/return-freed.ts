import koffi from 'koffi';

type Trim = (padding: number) => number;

let trim: Trim | null | undefined;

/**
 * Gives the system what has been freed and lies in glibc's heap, which is told to keep it (`worker/allocator`). The other
 * systems' allocators give back large pieces by themselves.
 */
export function returnFreed(): void {
  if (trim === undefined) trim = find();
  trim?.(0);
}

function find(): Trim | null {
  if (process.platform !== 'linux') return null;
  try {
    return koffi.load(null).func('malloc_trim', 'int', ['size_t']) as Trim;
  } catch {
    // Another C library.
    return null;
  }
}
