import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import koffi, { type LibraryHandle } from 'koffi';
import type { CudaLibraries } from './find.ts';

/** Held because koffi unloads a library whose handle is gone. */
const held: LibraryHandle[] = [];

/**
 * Puts ONNX Runtime's parts side by side, as it wants them: a folder of links, for as long as the process lives. NVIDIA's
 * libraries are loaded before, because the parts find by name only what is there.
 * @param library  ONNX Runtime itself. @returns where it is to be loaded from
 */
export function joinCuda(library: string, { provider, bridge, nvidia, missing }: CudaLibraries): string {
  if (missing.length > 0) return library;
  for (const path of nvidia) held.push(koffi.load(path, { global: true }));
  if (dirname(provider) === dirname(library) && dirname(bridge) === dirname(library)) return library;
  const folder = mkdtempSync(join(tmpdir(), 'retort-cuda-'));
  process.once('exit', () => { rmSync(folder, { recursive: true, force: true }); });
  for (const path of [library, provider, bridge]) symlinkSync(path, join(folder, basename(path)));
  return join(folder, basename(library));
}
