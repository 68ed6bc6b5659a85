import { Problem } from '../../../contract/problem.ts';
import { findCuda, type CudaLibraries } from './find.ts';

const HINT = 'Fetch them under Settings, or with `retort device install cuda`; it says first how large they are. The devices "cpu" and "webgpu" need nothing more.';

/** CUDA's libraries, all of them. @throws Problem that says what is missing */
export function requireCuda(found: CudaLibraries | null = findCuda()): CudaLibraries {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Problem('The device "cuda" is there on Linux with x64 processors only.', { hint: 'The device "webgpu" computes on the same card.' });
  }
  if (!found) throw new Problem('The device "cuda" needs ONNX Runtime\'s CUDA libraries, which are not installed.', { hint: HINT });
  if (found.missing.length === 0) return found;
  throw new Problem(`The device "cuda" needs NVIDIA's ${found.missing.join(', ')}, which ${found.missing.length === 1 ? 'is' : 'are'} not on this machine.`, {
    hint: `${HINT} Or name a folder that has them in RETORT_CUDA.`,
  });
}
