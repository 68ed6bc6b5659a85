import { writeOnnx, type OnnxGraph, type WriteOptions } from '../graph/onnx/write.ts';
import { Graph } from '../graph/value.ts';
import { ExportedAttention } from '../nn/attention/exported.ts';
import type { Decoder } from '../nn/decoder.ts';

/**
 * A decoder as other programs expect it (the layout of transformers.js and ONNX Runtime GenAI), in standard operators.
 *
 * Inputs: input_ids, attention_mask, position_ids (int64), past_key_values.N.key and .value (float32).
 * Outputs: logits [batch, sequence, vocabulary] and present.N.key, .value.
 */
export function exportGraph(decoder: Decoder, weights: WriteOptions['weights']): OnnxGraph {
  if (decoder.contextLength === null) throw new Error('positions are prepared for a context of known length');
  const graph = new Graph();
  const ids = graph.input('input_ids', 'int64', ['batch', 'sequence']);
  const attention = new ExportedAttention(graph, ids, decoder.contextLength);
  const hidden = decoder.hidden(ids, attention);
  const logits = decoder.logits(hidden);
  return writeOnnx({ logits, ...attention.present }, { weights, dialect: 'onnx' });
}
