import { writeOnnx, type OnnxGraph, type WriteOptions } from '../graph/onnx/write.ts';
import { div } from '../graph/ops/elementwise.ts';
import { gatherRows } from '../graph/ops/gather.ts';
import { cast, reshape, slice } from '../graph/ops/layout.ts';
import { argMax } from '../graph/ops/reduce.ts';
import { softmax } from '../graph/ops/softmax.ts';
import { Graph, type Value } from '../graph/value.ts';
import { CachedAttention } from '../nn/attention/cached.ts';
import type { Decoder } from '../nn/decoder.ts';
import type { Executor } from '../runtime/program.ts';
import { sampleRows } from './sample.ts';

/** What a step of decoding gives: tokens chosen in the graph, or logits for processors outside. */
export type Choice = 'greedy' | 'sample' | 'logits';

/** What of an executor its graphs follow from. */
export type Runner = Pick<Executor, 'dialect' | 'cachedAttention'>;

const ON_CPU: Runner = { dialect: 'onnxruntime', cachedAttention: 'whole' };

export interface DecodeGraphSpec {
  choice: Choice;
  /** Ids below this may be chosen; padded ids above it belong to no token. */
  vocabulary: number;
  maxLength: number;
}

/**
 * New tokens in, the next one out, through a cache that grows in place.
 *
 * Inputs: ids [batch, sequence], told_rows [told] (which tokens of all batch x sequence are asked for their next: the
 * last of each text, or several of one), those of `CachedAttention`, and for `sample` uniform [told, 1] and temperature [].
 * Outputs: next [told] (int32) or logits [told, vocabulary]; the present keys and values.
 */
export function decodeGraph(decoder: Decoder, spec: DecodeGraphSpec, weights: WriteOptions['weights'], { dialect, cachedAttention }: Runner = ON_CPU): OnnxGraph {
  const graph = new Graph();
  const attention = new CachedAttention(graph, spec.maxLength, cachedAttention);
  const hidden = decoder.hidden(graph.input('ids', 'int32', ['batch', 'sequence']), attention);
  const told = gatherRows(reshape(hidden, ['rows', decoder.hiddenSize]), graph.input('told_rows', 'int32', ['told']));
  const logits = slice(decoder.logits(told), -1, 0, spec.vocabulary);
  return writeOnnx({ ...chosen(logits, spec.choice), ...attention.present }, { weights, dialect });
}

function chosen(logits: Value, choice: Choice): Record<string, Value> {
  const { graph } = logits;
  switch (choice) {
    case 'logits': return { logits };
    case 'greedy': return { next: cast(argMax(logits, -1), 'int32') };
    case 'sample': {
      const probabilities = softmax(div(logits, graph.input('temperature', 'float32', [])));
      return { next: sampleRows(probabilities, graph.input('uniform', 'float32', ['told', 1])) };
    }
  }
}
