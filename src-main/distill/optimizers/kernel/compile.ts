import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

/**
 * Compiles assembly/update.ts; run as a program (`npx tsx compile.ts`) it rewrites update-wasm.ts. The result is
 * kept in the repository, so that Retort runs and installs without the compiler; a test holds the two together.
 */
export async function compileKernel(): Promise<string> {
  const source = await readFile(new URL('assembly/update.ts', import.meta.url), 'utf8');
  let binary = new Uint8Array();
  const { error, stderr } = await asc.main(
    [
      'update.ts', '--outFile', 'update.wasm', '-Ospeed', '--noAssert', '--enable', 'simd',
      '--runtime', 'stub', '--importMemory', '--noExportMemory', '--initialMemory', '0',
    ],
    {
      readFile: (name) => (name === 'update.ts' ? source : null),
      writeFile: (_name, contents) => { if (typeof contents !== 'string') binary = new Uint8Array(contents); },
      listFiles: () => [],
    },
  );
  if (error) throw new Error(stderr.toString(), { cause: error });
  const lines = Buffer.from(binary).toString('base64').match(/.{1,110}/g) ?? [];
  return [
    '// Generated from assembly/update.ts by compile.ts; not to be edited.',
    `export const UPDATE_WASM = [\n${lines.map((line) => `  '${line}',`).join('\n')}\n].join('');`,
    '',
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(new URL('update-wasm.ts', import.meta.url), await compileKernel());
}
