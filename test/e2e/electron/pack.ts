import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { APPIMAGE_RUNTIME, builtForOldElectron, oldElectron } from './old-electron.ts';

/** A packed application and the installers made of it. */
export interface Packed { program: string; deb: string; appImage: string; checksums: string }

/**
 * Packs this checkout with its own configuration and dependencies, as `npm run package` does, but into an old Electron
 * and with the code that it can load. electron-builder finds what to pack through npm, which takes a linked
 * `node_modules` for a list of strangers and leaves the dependencies of dependencies out: it must be a real folder.
 */
export async function packForOldElectron(to: string): Promise<Packed> {
  const electron = await oldElectron();
  const built = await builtForOldElectron();
  const changes: readonly [RegExp, string][] = [
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
  await writeFile(file, `${config}\ndeb: { compression: gz, fpm: ['--deb-compression-level=0'] }\nextraMetadata: { type: commonjs }\n`);
  // Where it sees this variable it hard-links the kept Electron into the package, and would flip the fuses of both.
  const { VITEST: _, PATH: path, ...env } = process.env;
  try {
    execFileSync(process.execPath, [join('scripts', 'package', 'package.mjs'), '--electron', electron, '--system-tools', APPIMAGE_RUNTIME, '--config', file, '--linux', 'AppImage', 'deb'],
      { env: { ...env, PATH: `${await quickSquash(to)}${delimiter}${path}` }, stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    // electron-builder tells of its failures beside its progress.
    throw new Error(`not packed: ${String((error as { stdout?: Buffer }).stdout)}`, { cause: error });
  }
  const made = async (pattern: RegExp): Promise<string> => join(to, (await readdir(to)).find((name) => pattern.test(name))!);
  return { program: join(to, 'linux-unpacked', 'retort'), deb: await made(/\.deb$/), appImage: await made(/\.AppImage$/), checksums: await made(/^SHA256SUMS$/) };
}

/** A folder with an `mksquashfs` that takes no time to make a small file; electron-builder passes no options on. */
async function quickSquash(to: string): Promise<string> {
  const folder = join(to, 'tools');
  const real = execFileSync('which', ['mksquashfs'], { encoding: 'utf8' }).trim();
  await mkdir(folder);
  await writeFile(join(folder, 'mksquashfs'), `#!/bin/sh\nexec ${real} "$@" -comp gzip -noI -noD -noF -noX\n`, { mode: 0o755 });
  return folder;
}
