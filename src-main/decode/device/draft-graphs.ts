import { writeOnnx, type OnnxGraph, type WriteOptions } from '../../graph/onnx/write.ts';
import { cumulativeSum } from '../../graph/ops/cumulative-sum.ts';
import { div, equal, greaterOrEqual, less, max, mul, sub } from '../../graph/ops/elementwise.ts';
import { gatherElements, gatherRows, placeAt } from '../../graph/ops/gather.ts';
import { cast, concat, reshape } from '../../graph/ops/layout.ts';
import { argMax, sum } from '../../graph/ops/reduce.ts';
import { softmax } from '../../graph/ops/softmax.ts';
import { dimAt, staticDim } from '../../graph/shape.ts';
import { Graph, type Value } from '../../graph/value.ts';
import type { Rule } from '../processors.ts';
import { applyRule, drawRows } from './rules.ts';

/** How both models choose, with the number of ids that may be written. */
export interface DraftWay { readonly strategy: 'greedy' | 'sample'; readonly rules: readonly Rule[]; readonly vocabulary: number }

type Dialect = NonNullable<WriteOptions['dialect']>;

/** The name of what the token at a place of the draft was drawn from. */
export const draftedAt = (place: number): string => `drafted ${place}`;

/** Whether the graphs are told all tokens of the texts. */
export const seesText = ({ rules }: DraftWay): boolean => rules.some(({ kind }) => kind === 'repetition');

/**
 * A token of a draft.
 *
 * Inputs: logits [1, vocabulary], uniform [1, 1]; temperature [] to sample; text [1, tokens] (int32) where a rule asks.
 * Outputs: probabilities [1, vocabulary] that it is drawn from, and the token, next [1] (int32).
 */
export function draftGraph(way: DraftWay, dialect: Dialect): OnnxGraph {
  const graph = new Graph();
  const probabilities = chances(graph, graph.input('logits', 'float32', [1, way.vocabulary]), way);
  return writeOnnx({ probabilities, next: drawRows(probabilities, graph.input('uniform', 'float32', [1, 1])) }, { weights: 'inputs', dialect });
}

/**
 * What becomes of a draft: `verify` on a device.
 *
 * Inputs: logits [told, vocabulary] of the teacher, for each token of the draft and the one behind it; what each was drawn
 * from by `draftedAt`, as many as the longest draft has; of each row tokens [told, 1] (int32), places [told] (int32: of what
 * its token was drawn from; behind the last one of all there is nothing), drafted [1, told] (1, and 0 of the last) and accept
 * [told, 1]; resample [told, 1]; temperature [] to sample; text [told, tokens] where a rule asks.
 * Outputs: accepted [1] (int32) and next [1] (int32).
 */
export function judgeGraph(way: DraftWay, longest: number, dialect: Dialect): OnnxGraph {
  const graph = new Graph();
  const { vocabulary } = way;
  const wanted = chances(graph, graph.input('logits', 'float32', ['told', vocabulary]), way);
  const all = Array.from({ length: longest }, (_, place) => graph.input(draftedAt(place), 'float32', [1, vocabulary]));
  const none = graph.constant('float32', [1, vocabulary], new Float32Array(vocabulary));
  const drafted = gatherRows(concat([...all, none], 0), graph.input('places', 'int32', ['told']));
  const tokens = graph.input('tokens', 'int32', ['told', 1]);
  const stays = less(mul(graph.input('accept', 'float32', ['told', 1]), gatherElements(drafted, tokens)), gatherElements(wanted, tokens));
  const goes = sub(1, mul(reshape(cast(stays, 'float32'), [1, 'told']), graph.input('drafted', 'float32', [1, 'told'])));
  // As many as come before the first that goes; the row behind the draft always does.
  const accepted = cast(sum(cast(less(cumulativeSum(goes, -1), 0.5), 'float32'), [-1]), 'int32');
  const rest = max(sub(gatherRows(wanted, accepted), gatherRows(drafted, accepted)), 0);
  return writeOnnx({ accepted, next: drawRows(rest, gatherRows(graph.input('resample', 'float32', ['told', 1]), accepted)) }, { weights: 'inputs', dialect });
}

/** The probabilities [rows, vocabulary] that tokens are chosen by: of greedy decoding all on one. */
function chances(graph: Graph, logits: Value, { strategy, rules, vocabulary }: DraftWay): Value {
  const ruled = (from: Value): Value => rules.reduce((changed, rule) => applyRule(changed, rule, () => seen(graph, logits)), from);
  if (strategy === 'sample') return softmax(ruled(div(logits, graph.input('temperature', 'float32', []))));
  const best = reshape(cast(argMax(ruled(logits), -1), 'int32'), [dimAt(logits.shape, 0), 1]);
  return cast(equal(graph.constant('int32', [1, vocabulary], Int32Array.from({ length: vocabulary }, (_, id) => id)), best), 'float32');
}

/** 1 for each token that a row's text has: [rows, vocabulary]. What stands behind its end repeats its last token. */
function seen(graph: Graph, logits: Value): Value {
  const text = graph.input('text', 'int32', [dimAt(logits.shape, 0), 'tokens']);
  const ones = cast(greaterOrEqual(text, graph.constant('int32', [], Int32Array.of(0))), 'float32');
  // Zeros as many as the logits, whose number of rows is open.
  const zeros = cast(less(logits, logits), 'float32');
  return placeAt(reshape(zeros, [dimAt(logits.shape, 0), staticDim(logits.shape, -1)]), text, ones);
}
