import { writeOnnx, type OnnxGraph, type Port } from '../../graph/onnx/write.ts';
import { div, greaterOrEqual, less } from '../../graph/ops/elementwise.ts';
import { gatherRows, placeAt } from '../../graph/ops/gather.ts';
import { cast, concat, reshape, slice } from '../../graph/ops/layout.ts';
import { argMax } from '../../graph/ops/reduce.ts';
import { logSoftmax, softmax } from '../../graph/ops/softmax.ts';
import { topK } from '../../graph/ops/top-k.ts';
import { staticDim } from '../../graph/shape.ts';
import { Graph, type Value } from '../../graph/value.ts';
import { CachedAttention, presentOf } from '../../nn/attention/cached.ts';
import type { Decoder } from '../../nn/decoder.ts';
import type { Runner } from '../decode-graph.ts';
import type { Rule } from '../processors.ts';
import { sampleRows } from '../sample.ts';
import { applyRule, drawRows } from './rules.ts';

/** What a step on a device gives for every row: a token chosen there, the likeliest tokens for a search, logits for whoever chooses outside, or logits that are held on the device. */
export type Told =
  | { readonly kind: 'token'; readonly strategy: 'greedy' | 'sample'; readonly rules: readonly Rule[] }
  | { readonly kind: 'likely'; readonly count: number; readonly rules: readonly Rule[] }
  | { readonly kind: 'logits' | 'held' };

/** How many tokens of each row a device remembers until they are read, the last at the end. */
export const REMEMBERED = 8;

/** A tensor that a batch of texts has on the device from step to step: an input, and the output that takes its place. */
export interface Kept { readonly port: Port; readonly output: string | null }

export interface StepGraph { readonly onnx: OnnxGraph; readonly kept: readonly Kept[] }

/** Whether all logits are told. */
const isWhole = (told: Told): told is Extract<Told, { kind: 'logits' | 'held' }> => told.kind === 'logits' || told.kind === 'held';

const SEEN = 'seen';
/** The input that holds them. */
export const WRITTEN = 'written';

/**
 * New tokens in, the next one of each row out, with all that a text needs from step to step kept in place.
 *
 * Inputs: ids [batch, sequence] (what stands behind a row's end repeats its last token), told_rows (of all batch x
 * sequence tokens each row's last, or for logits any), those of `CachedAttention`; of tokens written [batch, REMEMBERED];
 * to sample uniform [batch, 1] and temperature []; for a penalty on repetition seen [batch, vocabSize].
 * Outputs: next [batch] (int32); or tokens (int32) and logprobs, [batch, count] each, falling; or logits [told,
 * vocabulary]; what is kept.
 */
export function stepGraph(decoder: Decoder, told: Told, size: { vocabulary: number; maxLength: number }, { dialect, cachedAttention }: Runner): StepGraph {
  const graph = new Graph();
  const attention = new CachedAttention(graph, size.maxLength, cachedAttention);
  const ids = graph.input('ids', 'int32', ['batch', 'sequence']);
  const hidden = decoder.hidden(ids, attention);
  const asked = graph.input('told_rows', 'int32', [isWhole(told) ? 'told' : 'batch']);
  const logits = slice(decoder.logits(gatherRows(reshape(hidden, ['rows', decoder.hiddenSize]), asked)), -1, 0, size.vocabulary);
  const outputs: Record<string, Value> = { ...attention.present };
  if (isWhole(told)) outputs['logits'] = logits;
  else {
    const marked = markedSeen(ids, decoder.vocabSize);
    const ruled = (from: Value): Value => told.rules.reduce((changed, rule) => applyRule(changed, rule, () => slice(marked, -1, 0, size.vocabulary)), from);
    Object.assign(outputs, told.kind === 'token' ? written(chosen(logits, told, ruled)) : likeliest(ruled(logSoftmax(logits)), told.count));
    // An operator of its own: none may write what it reads.
    if (told.rules.some(({ kind }) => kind === 'repetition')) outputs[newOf(SEEN)] = cast(less(0.5, marked), 'float32');
  }
  const onnx = writeOnnx(outputs, { weights: 'inputs', dialect });
  return { onnx, kept: onnx.inputs.flatMap((port) => keptBy(port, outputs)) };
}

const newOf = (name: string): string => `new ${name}`;

function keptBy(port: Port, outputs: Readonly<Record<string, Value>>): Kept[] {
  const output = [presentOf(port.name), newOf(port.name)].find((name) => name !== null && outputs[name]);
  if (output) return [{ port, output }];
  return port.name.startsWith('source') ? [{ port, output: null }] : [];
}

/** What texts have had before with the new tokens [batch, sequence], 1 for each: [batch, vocabSize]. */
function markedSeen(ids: Value, vocabSize: number): Value {
  const { graph } = ids;
  const ones = cast(greaterOrEqual(ids, graph.constant('int32', [], Int32Array.of(0))), 'float32');
  return placeAt(graph.input(SEEN, 'float32', ['batch', vocabSize]), ids, ones);
}

function chosen(logits: Value, { strategy, rules }: Extract<Told, { kind: 'token' }>, ruled: (logits: Value) => Value): Value {
  const { graph } = logits;
  if (strategy === 'greedy') return cast(argMax(ruled(logits), -1), 'int32');
  const heated = div(logits, graph.input('temperature', 'float32', []));
  const uniform = graph.input('uniform', 'float32', ['batch', 1]);
  // Without rules by the operators of the host's own graph.
  return rules.length === 0 ? sampleRows(softmax(heated), uniform) : drawRows(softmax(ruled(heated)), uniform);
}

function written(next: Value): Record<string, Value> {
  const before = next.graph.input(WRITTEN, 'int32', ['batch', REMEMBERED]);
  return { next, [newOf(WRITTEN)]: concat([slice(before, -1, 1, REMEMBERED), reshape(next, ['batch', 1])], -1) };
}

function likeliest(logprobs: Value, count: number): Record<string, Value> {
  const { values, indices } = topK(logprobs, Math.min(count, staticDim(logprobs.shape, -1)));
  return { logprobs: values, tokens: cast(indices, 'int32') };
}
