import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../../contract/problem.ts';
import { libraryFolder } from './library-folder.ts';

/** The npm package fetches CUDA's libraries only when asked to. @throws Problem where they are not beside ONNX Runtime */
export function requireCuda(): void {
  const folder = libraryFolder();
  if (existsSync(join(folder, 'libonnxruntime_providers_cuda.so')) || existsSync(join(folder, 'onnxruntime_providers_cuda.dll'))) return;
  throw new Problem('The device "cuda" needs ONNX Runtime\'s CUDA libraries, which are not installed.', {
    hint: 'Fetch them with: node node_modules/onnxruntime-node/script/install --onnxruntime-node-install=cuda12. The devices "cpu" and "webgpu" need nothing more.',
  });
}
