import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import pbjs from 'protobufjs-cli/pbjs.js';

const PROTO = fileURLToPath(new URL('../../../resources/onnx.proto', import.meta.url));

/**
 * Turns ONNX's own schema into the JSON that the writer loads; run as a program (`npx tsx make-schema.ts`) it
 * rewrites schema.json. A test holds the two together.
 */
export function makeSchema(): Promise<string> {
  return new Promise((resolve, reject) => {
    pbjs.main(['-t', 'json', PROTO], (error, output) => {
      if (error) reject(error);
      else resolve(output ?? '');
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(new URL('schema.json', import.meta.url), await makeSchema());
}
