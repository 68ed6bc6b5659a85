import type { WriteOptions } from '../graph/onnx/write.ts';
import { isOnDevice, type DeviceTensor } from './device/device-memory.ts';
import { bytesOf, type StoredTensor, type Tensor } from './tensor.ts';

/** A model's weights by name; views of memory that somebody else may own. */
export type Weights = Readonly<Record<string, StoredTensor>>;

/** A model's weights by name, wherever they lie. */
export type PlacedWeights = Readonly<Record<string, StoredTensor | DeviceTensor>>;

/** Weights in memory of this process, whose numbers can be read and changed. */
export type HostWeights = Readonly<Record<string, Tensor>>;

/**
 * Weights as initializers of a graph: constant for the session, which prepacks them. The session reads them where
 * they lie; each is a location of its own, because a model may be spread over several memories.
 * @param changing  weights that stay inputs, to be given at each run
 */
export function asInitializers(weights: Weights, changing: ReadonlySet<string> = NONE): { placement: Exclude<WriteOptions['weights'], 'inputs'>; initializers: Weights } {
  return {
    placement: (name) => (changing.has(name) ? null : { location: name, offset: 0, length: bytesOf(find(weights, name)) }),
    initializers: Object.fromEntries(Object.entries(weights).filter(([name]) => !changing.has(name))),
  };
}

const NONE: ReadonlySet<string> = new Set();

/** The weights that a graph reads, as its inputs. */
export function asInputs<T extends StoredTensor | DeviceTensor>(weights: Readonly<Record<string, T>>, parameters: readonly { name: string }[]): Record<string, T> {
  return Object.fromEntries(parameters.map(({ name }) => [name, find(weights, name)]));
}

/** The same weights, for who computes on the host alone. @throws Error where one lies on a device */
export function hostWeights(weights: PlacedWeights): Weights {
  return Object.fromEntries(Object.entries(weights).map(([name, tensor]) => {
    if (isOnDevice<StoredTensor>(tensor)) throw new Error(`"${name}" lies on a device, and is read on the host`);
    return [name, tensor];
  }));
}

function find<T>(weights: Readonly<Record<string, T>>, name: string): T {
  const tensor = weights[name];
  if (!tensor) throw new Error(`the model has no weight "${name}"`);
  return tensor;
}
