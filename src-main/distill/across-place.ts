import { add, equal, exp, log, max, mul, sub } from '../graph/ops/elementwise.ts';
import { gatherElements, placeAt } from '../graph/ops/gather.ts';
import { cast, concat, reshape, slice } from '../graph/ops/layout.ts';
import { argMax, expand, sum } from '../graph/ops/reduce.ts';
import { staticDim } from '../graph/shape.ts';
import type { Value } from '../graph/value.ts';
import type { RowLayout } from './aligned-row.ts';

/** Far below every log-probability, and finite. */
const NEVER = -1e4;
/** Below this a float32 is no sum any more. */
const LEAST = 1e-37;

export interface AcrossPlace {
  rows: Value;
  layout: RowLayout;
  /** The teacher's log P of its tokens where those begin that reach across, [positions, the teacher's vocabulary]. */
  from: Value;
  /** Log-probabilities of families at the place itself, [positions, families]: the teacher's where it begins a token there, and the student's. */
  ofNext: Value;
  ofStudent: Value;
}

/**
 * How a text goes on where tokens of the teacher may reach across, as log-probabilities of families. The student has
 * written s. The teacher wrote the token s and goes on with another one, or it wrote a longer one: each w = s r of those
 * goes on with the family of r. With D = P(s) + sum P(w), all where s begins:
 *
 *     P(family) = sum P(w) / D over its w  +  P(s) / D times P(family | s)
 *
 * Where the text's own token reaches across, P(family | s) is not known. All families but those of w then count as one, which
 * has P(s) / D: within it the student's own proportions stand.
 */
export function acrossPlace({ rows, layout, from, ofNext, ofStudent }: AcrossPlace): Value {
  const [positions, families] = [staticDim(rows.shape, 0), staticDim(ofNext.shape, -1)];
  const part = (start: number, count: number): Value => slice(rows, -1, start, start + count);
  const isToken = part(layout.isToken, layout.across);
  const tokens = add(gatherElements(from, cast(part(layout.ids, layout.across), 'int32')), mul(sub(1, isToken), NEVER));
  const all = concat([gatherElements(from, cast(part(layout.whole, 1), 'int32')), tokens], -1);
  const likeliest = gatherElements(all, reshape(argMax(all, -1), [positions, 1]));
  const weights = exp(sub(all, likeliest));
  const shares = mul(weights, exp(mul(log(sum(weights, [-1], true)), -1)));
  const [ofWhole, ofTokens] = [slice(shares, -1, 0, 1), slice(shares, -1, 1, 1 + layout.across)];

  // A family that comes several times is written several times, with the same sum.
  const family = part(layout.families, layout.across);
  const isSame = cast(equal(reshape(family, [positions, layout.across, 1]), reshape(family, [positions, 1, layout.across])), 'float32');
  const sums = sum(mul(isSame, reshape(ofTokens, [positions, 1, layout.across])), [-1]);
  const zeros = expand(rows.graph.scalar(0), [positions, families + 1]);
  const places = cast(family, 'int32');
  const inFamilies = (values: Value): Value => slice(placeAt(zeros, places, values), -1, 0, families);

  const others = mul(exp(ofStudent), sub(1, inFamilies(expand(rows.graph.scalar(1), [positions, layout.across]))));
  const unknown = mul(others, exp(mul(log(max(sum(others, [-1], true), LEAST)), -1)));
  const hasNext = part(layout.hasNext, 1);
  const behindWhole = add(mul(exp(ofNext), hasNext), mul(unknown, sub(1, hasNext)));
  const across = log(max(add(inFamilies(sums), mul(behindWhole, ofWhole)), LEAST));
  const hasAcross = part(layout.hasAcross, 1);
  return add(mul(across, hasAcross), mul(ofNext, sub(1, hasAcross)));
}
