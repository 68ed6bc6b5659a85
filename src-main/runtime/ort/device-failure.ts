import type { OrtDevice } from '../../contract/divergence.ts';
import { Problem } from '../../contract/problem.ts';
import { runtimeFailure } from './failure.ts';

const LOST = /device (was |is )?lost|DEVICE_LOST|device has been (lost|destroyed)|DXGI_ERROR|illegal memory access/i;
const MEMORY = /out of memory|OUT_OF_(DEVICE_)?MEMORY|failed to allocate|bad_alloc|cudaErrorMemoryAllocation/i;

/** As the system's loader and CUDA say it. */
const NO_DRIVER = /libcuda\.so\.1|no CUDA-capable device/i;
const OLD_DRIVER = /driver version is insufficient/i;
/** As Dawn says it. */
const NO_ADAPTER = /Failed to get a WebGPU adapter|No supported adapters/i;
/** Where in ONNX Runtime's source, and which condition, an error begins with. */
const SOURCE_PLACE = /^\S*\/onnxruntime\/.*? was false[.] /;

/** What a device could not do, in one sentence. */
export function failureOn(device: OrtDevice, what: 'make ready' | 'run', cause: unknown): Problem {
  if (device === 'cpu') return runtimeFailure(what, cause);
  const told = toldBy(cause);
  if (LOST.test(told)) {
    return new Problem(`The device "${device}" was lost in the middle of a computation: its driver was reset, or it was taken away.`, {
      kind: 'failure', hint: 'Nothing before the last checkpoint is lost. Resume the run; where it happens again, take smaller batches (train.microBatchSize), or go on on the CPU: retort resume RUN --device cpu.', cause,
    });
  }
  if (MEMORY.test(told)) return full(device, 'computes', cause);
  return what === 'run' ? runtimeFailure(what, cause) : deviceProblem(device, cause);
}

/** A device that is not there, or whose driver fails. */
export function deviceProblem(device: OrtDevice, cause: unknown): Problem {
  if (cause instanceof Problem) return cause;
  if (LOST.test(toldBy(cause))) return failureOn(device, 'run', cause);
  const told = toldBy(cause);
  if (NO_DRIVER.test(told)) return new Problem('There is no NVIDIA driver or no card of NVIDIA on this machine.', { hint: '`retort devices` lists what is there.', cause });
  if (OLD_DRIVER.test(told)) return new Problem('NVIDIA\'s driver is too old for the CUDA libraries here.', { hint: '`retort devices` says which version it is, and which one is needed.', cause });
  if (NO_ADAPTER.test(told)) {
    return new Problem('There is no graphics card with a driver for Vulkan, Metal or Direct3D 12 on this machine, or its driver does not start.', {
      hint: '`retort devices` lists what is there; a run goes on on the CPU with: retort resume RUN --device cpu.', cause,
    });
  }
  const [line] = told.replace(SOURCE_PLACE, '').split('\n');
  return new Problem(`The device "${device}" cannot be used: ${line}`, {
    hint: device === 'webgpu' ? 'Check that the machine has a GPU with a Vulkan, Metal or Direct3D 12 driver, or choose the device "cpu".'
      : 'Check the CUDA driver, or choose the device "cpu".',
    cause,
  });
}

/** A device that has no room for a tensor. */
export function deviceFull(device: OrtDevice, bytes: number, cause: unknown): Problem {
  return full(device, `keeps a tensor of ${(bytes / 2 ** 20).toFixed(bytes < 2 ** 20 ? 2 : 0)} MiB`, cause);
}

function full(device: OrtDevice, does: string, cause: unknown): Problem {
  return new Problem(`The device "${device}" has no memory left where it ${does}.`, {
    kind: 'failure',
    hint: 'End what else uses it, take smaller batches (train.microBatchSize), shorter texts or a smaller model, or the device "cpu"; a run goes on there from its last checkpoint: retort resume RUN --device cpu.',
    cause,
  });
}

const toldBy = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
