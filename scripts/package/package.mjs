// Makes this system's installers in dist/, with their checksums:
//
//   npm run package -- [--electron FOLDER] [--system-tools RUNTIME] [--config FILE] [arguments of electron-builder]
//
// electron-builder fetches Electron's program and its own tools at the first use. Where that cannot be:
// --electron      a folder with an unpacked Electron; the packed application is that version's
// --system-tools  Linux: dpkg-deb and mksquashfs of the system, and the file whose bytes begin every AppImage
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync, mkdirSync, copyFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeChecksums } from './checksums.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const BUILDER = createRequire(import.meta.url).resolve('electron-builder/cli.js');

const { values, tokens } = parseArgs({
  strict: false, tokens: true,
  options: { electron: { type: 'string' }, 'system-tools': { type: 'string' }, config: { type: 'string', default: 'electron-builder.yml' } },
});
const own = new Set(['electron', 'system-tools', 'config']);
// What is not this program's goes to electron-builder as it stands, with the values behind it.
const passed = process.argv.slice(2).filter((_, at) => !tokens.some((token) =>
  token.kind === 'option' && own.has(token.name) && (token.index === at || (!token.inlineValue && token.index + 1 === at))));

const work = mkdtempSync(join(tmpdir(), 'retort-package-'));
try {
  const config = join(work, 'electron-builder.yml');
  writeFileSync(config, withElectron(readFileSync(values.config, 'utf8'), values.electron));
  const env = { ...process.env, ...(values['system-tools'] === undefined ? {} : systemTools(resolve(values['system-tools']))) };
  const { status } = spawnSync(process.execPath, [BUILDER, '--config', config, '--publish', 'never', ...passed], { stdio: 'inherit', env });
  if (status === 0) await writeChecksums(outputFolder(readFileSync(config, 'utf8')));
  process.exitCode = status ?? 1;
} finally {
  rmSync(work, { recursive: true });
}

/** The configuration with the Electron in a folder. */
function withElectron(config, folder) {
  if (folder === undefined) return config;
  const version = readFileSync(join(folder, 'version'), 'utf8').trim().replace(/^v/, '');
  // Electron has this fuse since version 29, and setting one that is not there is an error.
  const fuses = Number.parseInt(version) < 29 ? config.replace(/^ +grantFileProtocolExtraPrivileges: .*\n/m, '') : config;
  return `${fuses}\nelectronDist: ${JSON.stringify(resolve(folder))}\nelectronVersion: ${version}\n`;
}

/** The environment in which electron-builder uses what the system has. It wants its tools in folders of its own shape. */
function systemTools(runtime) {
  const appimage = join(work, 'appimage');
  const tools = join(appimage, `linux-${process.arch}`);
  mkdirSync(tools, { recursive: true });
  mkdirSync(join(appimage, 'lib', 'x64'), { recursive: true });
  copyFileSync(runtime, join(appimage, `runtime-${process.arch}`));
  for (const tool of ['mksquashfs', 'desktop-file-validate']) symlinkSync(onPath(tool), join(tools, tool));
  onPath('dpkg-deb');
  return { APPIMAGE_TOOLS_PATH: appimage, CUSTOM_FPM_PATH: join(HERE, 'deb.mjs') };
}

function onPath(program) {
  const { stdout, status } = spawnSync('which', [program], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} is not installed. Debian: apt-get install squashfs-tools desktop-file-utils dpkg.`);
  return stdout.trim();
}

function outputFolder(config) {
  return /^ +output: (.+)$/m.exec(config)?.[1] ?? 'dist';
}
