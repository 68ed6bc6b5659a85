import { fillIntegers, integer } from '../../contract/random.ts';
import { keepMask } from '../../graph/ops/keep-mask.ts';
import { reshape } from '../../graph/ops/layout.ts';
import { staticDim } from '../../graph/shape.ts';
import type { Graph, Value } from '../../graph/value.ts';
import type { Dropout, LowRank } from './adapted.ts';

/** Keys are whole numbers below it. */
export const KEYS = 2 ** 31;

/** Inputs of a graph with dropout: a key for each token, [batch, length] (int64), of the text and of what an encoder reads. */
export const TOKEN_KEYS = { text: 'dropout', source: 'source_dropout' } as const;

/**
 * Dropout of an adapter's inputs, by numbers that belong to a token, a matrix and a column: neither the batch that a token
 * is computed in, nor a resume changes them.
 *
 * @param share  of the inputs that is left out
 */
export function dropoutOf(share: number): Dropout {
  return {
    mask(x, adapter, use) {
      const [batch, length] = [staticDim(x.shape, 0), staticDim(x.shape, 1)];
      const keys = x.graph.input(TOKEN_KEYS[readsSource(adapter) ? 'source' : 'text'], 'int64', [batch, length]);
      return keepMask(reshape(keys, [batch, length, 1]), columns(x.graph, staticDim(x.shape, -1)), { factor: factorOf(adapter), share: 1 - share, use });
    },
  };
}

/** Whether the matrix multiplies tokens of the prompt that an encoder reads. */
const readsSource = ({ module }: LowRank): boolean => module.startsWith('encoder.') || /\.EncDecAttention\.[kv]$/.test(module);

function columns(graph: Graph, width: number): Value {
  return graph.once(`dropout columns ${width}`, () => {
    const keys = new Uint32Array(width);
    fillIntegers(keys, 0, { purpose: 'dropout' }, KEYS);
    return graph.constant('int64', [width], BigInt64Array.from(keys, BigInt));
  });
}

/** An odd number by the matrix's name. */
function factorOf({ module }: LowRank): number {
  const letters = [...module].reduce((hash, letter) => (Math.imul(hash, 31) + letter.codePointAt(0)!) >>> 0, 7);
  return integer(letters, { purpose: 'dropout', step: 1 }, KEYS) | 1;
}
