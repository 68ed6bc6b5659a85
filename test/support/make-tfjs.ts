import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';

/**
 * Makes TensorFlow.js for Node without the download of its own install script: the package from npm, TensorFlow's C
 * library out of a wheel from PyPI, and the binding between them compiled here. For tests, and for whoever wants to see it
 * run where that download is not to be had: what comes out computes on the CPU, whichever of the two packages it is.
 *
 *     npm run peer:tfjs FOLDER [tfjs-node]
 *     RETORT_PEERS=FOLDER npx vitest run test/runtime/tfjs
 *
 * Needs Linux x64, a Python with pip, a C++ compiler, make and Node's headers (npm_config_nodedir names the folder that has
 * them in include/node, where they cannot be fetched).
 */
const [target, name = 'tfjs-node-gpu'] = process.argv.slice(2);
if (target === undefined) throw new Error('usage: npm run peer:tfjs FOLDER [tfjs-node]');
const folder = resolve(target);
const PYTHON = process.env['RETORT_PYTHON'] ?? 'python3';
const VERSION = '4.22.0';
const WHEEL = 'tensorflow-cpu==2.21.0';

/** As the package wants them, beside the names that the wheel gives them. */
const LINKS = {
  'libtensorflow_cc.so.2': ['libtensorflow.so', 'libtensorflow.so.2', 'libtensorflow.so.2.9.1'],
  'libtensorflow_framework.so.2': ['libtensorflow_framework.so', 'libtensorflow_framework.so.2.9.1'],
};
/** What the C interface includes, and where it looks for it. */
const HEADERS = [
  ['tensorflow/c', 'tensorflow/c'], ['tensorflow/core/platform', 'tensorflow/core/platform'],
  ['tsl/platform', 'tsl/platform'], ['tensorflow/compiler/xla/tsl/c', 'xla/tsl/c'],
] as const;

function run(program: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): void {
  execFileSync(program, args, { cwd, stdio: 'inherit', env: { ...process.env, ...env } });
}

/** TensorFlow's libraries and headers: lib/ and include/. */
async function libraries(to: string): Promise<void> {
  if (existsSync(join(to, 'include'))) return;
  const work = `${to}-${process.pid}`;
  await mkdir(join(work, 'made', 'lib'), { recursive: true });
  run(PYTHON, ['-m', 'pip', 'download', '--no-deps', '--only-binary', ':all:', '--dest', work, WHEEL], work);
  const wheel = (await readdir(work)).find((file) => file.endsWith('.whl'))!;
  run(PYTHON, ['-m', 'zipfile', '-e', wheel, 'wheel'], work);
  const unpacked = join(work, 'wheel', 'tensorflow');
  for (const [library, links] of Object.entries(LINKS)) {
    await rename(join(unpacked, library), join(work, 'made', 'lib', library));
    for (const link of links) await symlink(library, join(work, 'made', 'lib', link));
  }
  for (const [from, place] of HEADERS) await cp(join(unpacked, 'include', from), join(work, 'made', 'include', place), { recursive: true });
  await rename(join(work, 'made'), to);
  await rm(work, { recursive: true });
}

await mkdir(folder, { recursive: true });
if (!existsSync(join(folder, 'package.json'))) await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'peers', private: true }));
const place = join(folder, 'node_modules', '@tensorflow', name);
if (!existsSync(place)) run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', `@tensorflow/${name}@${VERSION}`], folder);
await libraries(join(folder, 'libtensorflow'));
await rm(join(place, 'deps'), { recursive: true, force: true });
await symlink(join(folder, 'libtensorflow'), join(place, 'deps'));
const builder = dirname(createRequire(join(place, 'package.json')).resolve('@mapbox/node-pre-gyp/package.json'));
run(process.execPath, [join(builder, 'bin', 'node-pre-gyp'), 'install', '--build-from-source'], place);
