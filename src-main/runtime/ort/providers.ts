import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { InferenceSession } from 'onnxruntime-node';
import type { Device } from '../../contract/divergence.ts';
import { Problem } from '../../contract/problem.ts';
import { runtimeFailure } from './failure.ts';
import { libraryFolder } from './library-folder.ts';

type Providers = NonNullable<InferenceSession.SessionOptions['executionProviders']>;

/**
 * Execution providers in order of preference; what a device lacks runs on the CPU.
 * @throws Problem where CUDA's libraries are not beside ONNX Runtime.
 */
export function providers(device: Device): Providers {
  if (device === 'cuda') requireCuda();
  return device === 'cpu' ? ['cpu'] : [device, 'cpu'];
}

/** An error in making a session on a device, as what the person can do about it. */
export function deviceProblem(device: Device, cause: unknown): Problem {
  if (device === 'cpu') return runtimeFailure('make ready', cause);
  const [line] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
  return new Problem(`The device "${device}" cannot be used: ${line}`, {
    hint: device === 'webgpu' ? 'Check that the machine has a GPU with a Vulkan, Metal or Direct3D 12 driver, or choose the device "cpu".'
      : 'Check the CUDA driver, or choose the device "cpu".',
    cause,
  });
}

/** The npm package fetches CUDA's libraries only when asked to. */
function requireCuda(): void {
  const folder = libraryFolder();
  if (existsSync(join(folder, 'libonnxruntime_providers_cuda.so')) || existsSync(join(folder, 'onnxruntime_providers_cuda.dll'))) return;
  throw new Problem('The device "cuda" needs ONNX Runtime\'s CUDA libraries, which are not installed.', {
    hint: 'Fetch them with: node node_modules/onnxruntime-node/script/install --onnxruntime-node-install=cuda12. The devices "cpu" and "webgpu" need nothing more.',
  });
}
