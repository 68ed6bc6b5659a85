import { writeOnnx, type OnnxGraph, type WriteOptions } from '../graph/onnx/write.ts';
import { gatherRows } from '../graph/ops/gather.ts';
import { reshape } from '../graph/ops/layout.ts';
import { withHalfProducts, type MixedPrecision } from '../graph/precision.ts';
import { Graph, type Value } from '../graph/value.ts';
import { FullAttention } from '../nn/attention/full.ts';
import { readSource } from '../nn/attention/read-source.ts';
import type { AroundLayer, Decoder } from '../nn/decoder.ts';
import type { Bucket } from './bucket.ts';

/**
 * A model's last hidden states at chosen positions, [positions, width].
 *
 * Inputs it adds: ids [batch, length], index [positions] (rows of the flattened hidden states), and those of
 * `readSource` for a model with an encoder.
 */
export function hiddenStates(graph: Graph, decoder: Decoder, { batch, length, source, positions }: Bucket, around?: AroundLayer): Value {
  if ((source === null) !== (decoder.encoder === null)) throw new Error('the batch is laid out for another kind of model');
  const attention = new FullAttention(graph, length, source === null ? null : readSource(graph, decoder, batch, source, around));
  const hidden = decoder.hidden(graph.input('ids', 'int32', [batch, length]), attention, around);
  return gatherRows(reshape(hidden, [batch * length, decoder.hiddenSize]), graph.input('index', 'int32', [positions]));
}

/**
 * What a teacher hands over, output `hidden`. Its output layer belongs to the loss, beside the student's, so that
 * nothing as wide as the vocabulary leaves a session.
 */
export function hiddenGraph(decoder: Decoder, bucket: Bucket, options: WriteOptions, products: MixedPrecision | null = null): OnnxGraph {
  const outputs = { hidden: hiddenStates(new Graph(), decoder, bucket) };
  return writeOnnx(products ? withHalfProducts(outputs, products) : outputs, options);
}
