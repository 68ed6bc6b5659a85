import koffi, { type LibraryHandle } from 'koffi';
import { Problem } from '../contract/problem.ts';

export interface CudaCard {
  readonly name: string;
  /** Bytes. */
  readonly memory: number;
  /** What the card can do, as NVIDIA counts it: 9.0 for an H100. */
  readonly capability: number;
}

export interface CudaDriver {
  /** Such as 580.82.07. Null where the driver does not tell. */
  readonly version: string | null;
  /** The newest CUDA that it runs, such as 13.0. */
  readonly cuda: number;
  readonly cards: readonly CudaCard[];
}

/** NVIDIA's driver as this needs it: calls that give 0 where they succeed. */
export interface DriverCalls {
  init(): number;
  version(out: Int32Array): number;
  count(out: Int32Array): number;
  name(text: Uint8Array, card: number): number;
  memory(out: BigUint64Array, card: number): number;
  attribute(out: Int32Array, attribute: number, card: number): number;
  /** The driver's own version; null where it does not tell. */
  release(): string | null;
}

const WINDOWS = process.platform === 'win32';
const NO_DEVICE = 100;
const CAPABILITY = { major: 75, minor: 76 } as const;
const NAME = 256;

/** The first driver for each version of CUDA. */
const FIRST_DRIVER: Readonly<Record<number, string>> = { 11: '450.80', 12: '525.60', 13: '580.65' };

/** Asks NVIDIA's driver for its cards. @throws Problem where there is none, it does not start or it has none */
export function readDriver(calls: DriverCalls = openDriver()): CudaDriver {
  const [out, large, text] = [new Int32Array(1), new BigUint64Array(1), new Uint8Array(NAME)];
  const started = calls.init();
  if (started === NO_DEVICE) throw new Problem('NVIDIA\'s driver finds no card on this machine.', { hint: 'The device "webgpu" computes on the cards of other makers.' });
  if (started !== 0) {
    throw new Problem(`NVIDIA's driver ${calls.release() ?? ''} does not start (its error ${started}).`.replace('  ', ' '), {
      hint: 'After an update of the driver the machine has to be started anew; `nvidia-smi` may say more.',
    });
  }
  const asked = (call: () => number): void => {
    const status = call();
    if (status !== 0) throw new Problem(`NVIDIA's driver does not tell of its cards (its error ${status}).`, { hint: '`nvidia-smi` may say more.' });
  };
  asked(() => calls.version(out));
  const cuda = Math.floor(out[0]! / 1000) + Math.floor((out[0]! % 1000) / 10) / 10;
  asked(() => calls.count(out));
  const cards = Array.from({ length: out[0]! }, (_, card) => {
    asked(() => calls.name(text, card));
    asked(() => calls.memory(large, card));
    asked(() => calls.attribute(out, CAPABILITY.major, card));
    const major = out[0]!;
    asked(() => calls.attribute(out, CAPABILITY.minor, card));
    return { name: new TextDecoder().decode(text.subarray(0, text.indexOf(0))), memory: Number(large[0]), capability: major + out[0]! / 10 };
  });
  if (cards.length === 0) throw new Problem('NVIDIA\'s driver finds no card on this machine.', { hint: 'CUDA_VISIBLE_DEVICES may hide it.' });
  return { version: calls.release(), cuda, cards };
}

/** @param version  of CUDA, such as 13. @throws Problem where the driver is older than the libraries need */
export function refuseOldDriver({ version, cuda }: CudaDriver, needed: number): void {
  if (cuda >= needed) return;
  throw new Problem(`NVIDIA's driver ${version ?? ''} runs CUDA ${cuda.toFixed(1)} at most, and the libraries here are for CUDA ${needed}.`.replace('  ', ' '), {
    hint: `Install driver ${FIRST_DRIVER[needed] ?? 'of a newer kind'} or newer. The device "webgpu" computes on the same card with the driver as it is.`,
  });
}

function openDriver(): DriverCalls {
  let library: LibraryHandle;
  try {
    library = koffi.load(WINDOWS ? 'nvcuda.dll' : 'libcuda.so.1');
  } catch (cause) {
    throw new Problem('There is no NVIDIA driver on this machine.', { hint: `Install driver ${FIRST_DRIVER[13]} or newer where there is an NVIDIA card; the device "webgpu" computes on the cards of other makers.`, cause });
  }
  const call = (name: string, ...parameters: string[]): ((...given: unknown[]) => number) => library.func(name, 'int', parameters) as (...given: unknown[]) => number;
  const [init, version, count] = [call('cuInit', 'uint'), call('cuDriverGetVersion', 'void *'), call('cuDeviceGetCount', 'void *')];
  const [name, memory, attribute] = [call('cuDeviceGetName', 'void *', 'int', 'int'), call('cuDeviceTotalMem_v2', 'void *', 'int'), call('cuDeviceGetAttribute', 'void *', 'int', 'int')];
  return {
    init: () => init(0), version: (out) => version(out), count: (out) => count(out),
    name: (text, card) => name(text, text.length, card), memory: (out, card) => memory(out, card), attribute: (out, which, card) => attribute(out, which, card),
    release: readRelease,
  };
}

/** From the library that NVIDIA's own tools ask. */
function readRelease(): string | null {
  try {
    const library = koffi.load(WINDOWS ? 'nvml.dll' : 'libnvidia-ml.so.1');
    const text = new Uint8Array(NAME);
    if (library.func('nvmlInit_v2', 'int', [])() !== 0) return null;
    const status = library.func('nvmlSystemGetDriverVersion', 'int', ['void *', 'uint'])(text, text.length) as number;
    library.func('nvmlShutdown', 'int', [])();
    return status === 0 ? new TextDecoder().decode(text.subarray(0, text.indexOf(0))) : null;
  } catch {
    return null;
  }
}
