import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const require = createRequire(import.meta.url);

/**
 * Compiles assembly/; run as a program (`npx tsx compile.ts`) it rewrites kernel-wasm.ts. The result is
 * kept in the repository, so that Retort runs and installs without the compiler; a test holds the two together.
 */
export async function compileKernel(): Promise<string> {
  const lines = (await compile()).toString('base64').match(/.{1,110}/g) ?? [];
  return [
    '// Generated from assembly/ by compile.ts; not to be edited.',
    `export const KERNEL_WASM = [\n${lines.map((line) => `  '${line}',`).join('\n')}\n].join('');`,
    '',
  ].join('\n');
}

/** The compiler runs as a program: importing it would bring the global types of its own library into ours. */
async function compile(): Promise<Buffer> {
  const compiler = require.resolve('assemblyscript/bin/asc.js');
  const folder = await mkdtemp(join(tmpdir(), 'retort-kernel-'));
  const binary = join(folder, 'kernel.wasm');
  try {
    await promisify(execFile)(process.execPath, [
      compiler, 'update.ts', 'halves.ts', 'round.ts', '--outFile', binary, '-Ospeed', '--noAssert', '--enable', 'simd',
      '--runtime', 'stub', '--importMemory', '--noExportMemory', '--initialMemory', '0',
    ], { cwd: fileURLToPath(new URL('assembly/', import.meta.url)) });
    return await readFile(binary);
  } finally {
    await rm(folder, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(new URL('kernel-wasm.ts', import.meta.url), await compileKernel());
}
