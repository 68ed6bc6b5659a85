import { writeOnnx, type OnnxGraph, type WriteOptions } from '../graph/onnx/write.ts';
import { gatherRows } from '../graph/ops/gather.ts';
import { reshape } from '../graph/ops/layout.ts';
import { Graph } from '../graph/value.ts';
import { FullAttention } from '../nn/attention/full.ts';
import type { Decoder } from '../nn/decoder.ts';
import type { Bucket } from './bucket.ts';

/**
 * A model's last hidden states at chosen positions: what a teacher hands over. Its output layer belongs to the
 * loss, beside the student's, so that nothing as wide as the vocabulary leaves a session.
 *
 * Inputs: ids [batch, length], index [positions]. Output: hidden [positions, width].
 */
export function hiddenGraph(decoder: Decoder, { batch, length, positions }: Bucket, weights: WriteOptions['weights']): OnnxGraph {
  const graph = new Graph();
  const hidden = decoder.hidden(graph.input('ids', 'int32', [batch, length]), new FullAttention(graph, length));
  const flat = reshape(hidden, [batch * length, decoder.hiddenSize]);
  return writeOnnx({ hidden: gatherRows(flat, graph.input('index', 'int32', [positions])) }, { weights });
}
