import { cpus, totalmem } from 'node:os';
import { COMPUTES_ON, type Compute } from '../contract/compute.ts';
import type { DeviceState } from '../contract/device.ts';
import type { Device } from '../contract/divergence.ts';
import { Problem } from '../contract/problem.ts';
import { requireCuda } from '../runtime/ort/cuda/require.ts';
import { requireSameVersion } from '../runtime/ort/cuda/version.ts';
import { executorOn } from '../runtime/executor-on.ts';
import { requireTfjs } from '../runtime/tfjs/find-tfjs.ts';
import { threads } from '../runtime/threads.ts';
import { readDriver, refuseOldDriver, type CudaDriver } from './cuda-driver.ts';
import { tryProducts } from './try-products.ts';
import { vulkanCards } from './vulkan.ts';

/** What a device tells of itself. */
type Facts = Omit<DeviceState, 'device' | 'problem' | 'hint' | 'computes'> & { /** Of a card of NVIDIA. */ capability?: number };

const UNKNOWN: Facts = { name: null, memory: null, driver: null, isSoftware: false, uses: [] };
const ALL = ['training', 'writing', 'teacher'] as const;

/** Looks at a device and tries it. A driver may end or block this process: it is asked in one of its own. */
export async function probeDevice(device: Device): Promise<DeviceState> {
  let facts = UNKNOWN;
  try {
    const { capability = null, ...told } = LOOK[device]();
    facts = told;
    tryMemory(device);
    return { device, problem: null, hint: null, ...facts, computes: await computesOn(device, capability) };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { device, ...facts, uses: [], computes: [], problem: error.message, hint: error.hint ?? null };
  }
}

/** What of its kind's products a device has. */
async function computesOn(device: Device, capability: number | null): Promise<Compute[]> {
  const executor = executorOn(device, threads());
  const found: Compute[] = [];
  for (const compute of executor.multipliesHalves ? COMPUTES_ON[device] : ['fp32'] as const) {
    try {
      await tryProducts(executor, compute, capability);
      found.push(compute);
    } catch (error) {
      if (!(error instanceof Problem) || compute === 'fp32') throw error;
    }
  }
  return found;
}

const LOOK: Readonly<Record<Device, () => Facts>> = {
  cpu: () => ({ ...UNKNOWN, name: cpus()[0]?.model.trim() ?? null, memory: totalmem(), uses: ALL }),
  webgpu: lookAtWebGpu,
  cuda: () => {
    const driver = readDriver();
    const libraries = requireCuda();
    refuseOldDriver(driver, libraries.version);
    requireSameVersion(libraries);
    return cudaFacts(driver);
  },
  tfjs: lookAtTfjs,
};

function lookAtWebGpu(): Facts {
  // There is no Vulkan on a Mac, whose card is its processor's and shares its memory.
  if (process.platform === 'darwin') return { ...UNKNOWN, name: cpus()[0]?.model.trim() ?? null, memory: totalmem(), driver: 'Metal', uses: ALL };
  const [card] = vulkanCards();
  if (!card) {
    if (process.platform !== 'linux') return { ...UNKNOWN, uses: ALL };
    throw new Problem('There is no graphics card with a Vulkan driver on this machine.', { hint: 'Install the Vulkan driver of the card\'s maker and the Vulkan loader (Debian: libvulkan1).' });
  }
  const { name, memory, driver, kind } = card;
  return { name, memory, driver, isSoftware: kind === 'software', uses: ALL };
}

function lookAtTfjs(): Facts {
  const tf = requireTfjs(threads());
  const isOnCard = tf.backend().isUsingGpuDevice;
  const processor = cpus()[0]?.model.trim();
  return { ...UNKNOWN, name: isOnCard ? null : processor ?? null, memory: isOnCard ? null : totalmem(), driver: `TensorFlow.js ${tf.version.tfjs}`, uses: ALL };
}

/** Of NVIDIA's cards: the first of them is the one that is used. */
export function cudaFacts({ version, cuda, cards: [card] }: CudaDriver): Facts {
  const { name, memory, capability } = card!;
  return {
    name, memory, capability, driver: `NVIDIA ${version ?? ''} (CUDA ${cuda.toFixed(1)})`.replace('  ', ' '), isSoftware: false, uses: ALL,
  };
}

/** A tensor is made there and read back. @throws Problem */
function tryMemory(device: Device): void {
  const { memory } = executorOn(device, threads());
  if (memory) memory.release(memory.make('float32', [1]));
}
