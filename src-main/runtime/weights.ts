import type { WriteOptions } from '../graph/onnx/write.ts';
import type { Tensor } from './tensor.ts';

/** A model's weights by name; views of memory that somebody else may own. */
export type Weights = Readonly<Record<string, Tensor>>;

/**
 * Weights as initializers of a graph: constant for the session, which prepacks them. The session reads them where
 * they lie; each is a location of its own, because a model may be spread over several memories.
 */
export function asInitializers(weights: Weights): { placement: WriteOptions['weights']; initializers: Weights } {
  return {
    placement: (name) => ({ location: name, offset: 0, length: find(weights, name).data.byteLength }),
    initializers: weights,
  };
}

/** The weights that a graph reads, as its inputs. */
export function asInputs(weights: Weights, parameters: readonly { name: string }[]): Record<string, Tensor> {
  return Object.fromEntries(parameters.map(({ name }) => [name, find(weights, name)]));
}

function find(weights: Weights, name: string): Tensor {
  const tensor = weights[name];
  if (!tensor) throw new Error(`the model has no weight "${name}"`);
  return tensor;
}
