import type { Dim } from '../../graph/shape.ts';
import type { Graph } from '../../graph/value.ts';
import type { AroundLayer, Decoder } from '../decoder.ts';
import { splitHeads } from './heads.ts';
import { EncoderAttention, type Source } from './source.ts';

/**
 * The encoder as part of a graph, for a model that has one: it reads source [batch, length] (int32), and
 * source_padding [batch, 1, 1, length], 0 for tokens and a large negative number for padding.
 */
export function readSource(graph: Graph, { encoder, kvHeads, headDim }: Decoder, batch: Dim, length: Dim, around?: AroundLayer): Source | null {
  if (!encoder) return null;
  const padding = graph.input('source_padding', 'float32', [batch, 1, 1, length]);
  const states = encoder.states(graph.input('source', 'int32', [batch, length]), new EncoderAttention(padding), around);
  return {
    padding,
    keysAndValues(layer) {
      const { key, value } = encoder.keysAndValues(states, layer);
      return { key: splitHeads(key, kvHeads, headDim), value: splitHeads(value, kvHeads, headDim) };
    },
  };
}
