import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Retort's own folder: this module runs from its source file in tests and from a bundle under `out/` otherwise. */
const ROOT = packageFolder(dirname(fileURLToPath(import.meta.url)));
/** The same outside a packed application's archive: natives and a worker in plain Node read only real files. */
const ON_DISK = ROOT.replace(/app\.asar$/, 'app.asar.unpacked');

/** Absolute path of something below `resources/`. */
export function resource(...path: string[]): string {
  return join(ON_DISK, 'resources', ...path);
}

/** Absolute path of the program that computes, to be forked: the built one, or its source where this is source too. */
export function workerEntry(): string {
  const isSource = import.meta.url.endsWith('.ts');
  return join(ON_DISK, ...(isSource ? ['src-main', 'worker', 'entry.ts'] : ['out', 'main', 'worker', 'entry.js']));
}

/** Absolute path of the built interface. */
export function builtInterface(): string {
  return join(ROOT, 'out', 'renderer');
}

function packageFolder(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error(`no package.json above ${import.meta.url}`);
  return packageFolder(parent);
}
