import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Where onnxruntime-node keeps its libraries for this platform. */
export function libraryFolder(): string {
  const entry = createRequire(import.meta.url).resolve('onnxruntime-node');
  // A packed application keeps native code beside its archive, because the system loads only real files.
  const root = dirname(dirname(entry)).replace(/app\.asar(?=[\\/])/, 'app.asar.unpacked');
  return join(root, 'bin', 'napi-v6', process.platform, process.arch);
}
