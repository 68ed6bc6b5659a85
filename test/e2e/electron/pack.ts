import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { buildForOldElectron, VERSION } from './old-electron.ts';

const BUILDER = createRequire(import.meta.url).resolve('electron-builder/cli.js');

/**
 * Packs this checkout with its own configuration and dependencies, as `npm run package` does, but into an old Electron
 * and with the code that it can load. electron-builder finds what to pack through npm, which takes a linked
 * `node_modules` for a list of strangers and leaves the dependencies of dependencies out: it must be a real folder.
 * @returns the packed program
 */
export async function packForOldElectron(dist: string, to: string): Promise<string> {
  // Within the checkout, because what is to lie unpacked is recognized by its path in there.
  await mkdir('dist', { recursive: true });
  const built = await buildForOldElectron(await mkdtemp(join('dist', 'for-test-')));
  const changes: readonly [RegExp, string][] = [
    // The one fuse that this version has not got yet.
    [/^ +grantFileProtocolExtraPrivileges: .*\n/m, ''],
    [/^( +output:) dist$/m, `$1 ${to}`],
    [/^ +- out\/\*\*$/m, `  - { from: ${built}/out, to: out, filter: ['**', '!**/*.map'] }`],
    [/^ +- out\/main\/\*\*$/m, `  - ${built}/out/main/**`],
  ];
  let config = await readFile('electron-builder.yml', 'utf8');
  for (const [pattern, replacement] of changes) {
    if (!pattern.test(config)) throw new Error(`electron-builder.yml has no line like ${String(pattern)}`);
    config = config.replace(pattern, replacement);
  }
  const file = join(to, 'electron-builder.yml');
  await writeFile(file, `${config}\nelectronDist: ${dist}\nelectronVersion: ${VERSION}\nextraMetadata: { type: commonjs }\n`);
  // Where it sees this variable it hard-links the kept Electron into the package, and would flip the fuses of both.
  const { VITEST: _, ...env } = process.env;
  try {
    execFileSync(process.execPath, [BUILDER, '--linux', 'dir', '--config', file, '--publish', 'never'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  } finally {
    await rm(built, { recursive: true });
  }
  return join(to, 'linux-unpacked', 'retort');
}
