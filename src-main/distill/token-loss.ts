import { withGradient } from '../graph/custom-gradient.ts';
import { add, equal, exp, greaterOrEqual, mul, neg, sub } from '../graph/ops/elementwise.ts';
import { gatherElements } from '../graph/ops/gather.ts';
import { inTurn } from '../graph/ops/later.ts';
import { cast, concat, reshape, slice, split } from '../graph/ops/layout.ts';
import { argMax, sum } from '../graph/ops/reduce.ts';
import { logSoftmax } from '../graph/ops/softmax.ts';
import { topK } from '../graph/ops/top-k.ts';
import { staticDim } from '../graph/shape.ts';
import type { Value } from '../graph/value.ts';
import type { DivergenceName } from '../contract/divergence.ts';
import { divergence, type DivergenceSpec } from './divergences.ts';

export interface TokenLossSpec extends DivergenceSpec {
  /** Divides both models' logits. */
  lossTemperature: number;
  /** Ids below this are known to both tokenizers; padded ids above it belong to no distribution. */
  sharedVocabulary: number;
  /** Positions projected to the vocabulary at once: what bounds the memory of the loss. */
  chunk: number;
  /** How many of each model's likeliest tokens are told as well; none in training. */
  top?: number;
  /** Divergences told besides the one of the loss, under `divergence NAME`. */
  also?: readonly Exclude<DivergenceName, 'cross_entropy'>[];
}

/** A model's part in the loss: hidden states [positions, width], and how it makes logits [rows, vocabulary] of any rows of them. */
export interface Side {
  hidden: Value;
  /** Whether the output layer is unpacked for each of them: they are then made of many rows together. */
  isUnpacked: boolean;
  logits(hidden: Value, logStudent?: Value): Value;
  /** As an `OutputLayer` has them. */
  choice?(hidden: Value): Value;
  covered?(hidden: Value): Value;
}

export interface LossInputs {
  student: Side;
  teacher: Side | null;
  /** The token that follows each position, [positions] (int32). */
  targets: Value;
  /** What a position counts in the loss, [positions]; zero for padding. */
  weights: Value;
  /** For a policy gradient: how much the loss falls as the log-probability of the token that follows rises, [positions]. */
  advantages?: Value | undefined;
}

/**
 * The loss, and what is told of every position by the name of a graph's output:
 *
 * - `divergence`, `targetLogprob` (log Q of the token that follows), `studentEntropy`, each [positions];
 * - with a teacher `teacherEntropy`, `teacherLogprob` and `agreement` (1 where both models' first choice is the same);
 * - with one that knows a part of its distribution `teacherCovered`, how much of it;
 * - with `top` the likeliest tokens, [positions, top]: `studentTop`, `teacherTop` (log-probabilities, falling) and
 *   `studentTopIds`, `teacherTopIds` (int64); and `studentRank`, `teacherRank` [positions], the place of the token that
 *   follows among all, from 1.
 */
export interface TokenLoss {
  /** sum of weight times divergence. */
  loss: Value;
  /** - sum of advantage times log Q of the token that follows: its value means nothing, its gradient is the policy's. */
  policy: Value | null;
  told: Readonly<Record<string, Value>>;
}

/**
 * The loss of positions. Hidden states become logits in chunks of positions, one after
 * the other, so that tensors as wide as the vocabulary never hold more than a chunk.
 */
export function tokenLoss(inputs: LossInputs, spec: TokenLossSpec): TokenLoss {
  const positions = staticDim(inputs.student.hidden.shape, 0);
  const sizes = chunkSizes(positions, chunkOf(inputs, spec));
  const cut = (x: Value): readonly Value[] => split(x, 0, sizes);
  const students = cut(inputs.student.hidden);
  const teachers = inputs.teacher && cut(inputs.teacher.hidden);
  const targets = cut(inputs.targets);
  const weights = cut(inputs.weights);
  const advantages = inputs.advantages && cut(inputs.advantages);
  const chunks = sizes.map((_, at) => chunkLoss({
    ...inputs,
    student: { ...inputs.student, hidden: students[at]! },
    teacher: inputs.teacher && { ...inputs.teacher, hidden: teachers![at]! },
    targets: targets[at]!,
    weights: weights[at]!,
    advantages: advantages?.[at],
  }, spec));
  const names = Object.keys(chunks[0]!.told);
  return {
    loss: chunks.map((chunk) => chunk.loss).reduce((a, b) => add(a, b)),
    policy: inputs.advantages ? chunks.map((chunk) => chunk.policy!).reduce((a, b) => add(a, b)) : null,
    told: Object.fromEntries(names.map((name) => [name, concat(chunks.map((chunk) => chunk.told[name]!), 0)])),
  };
}

/** Elements of the logits that are made at once where an output layer is unpacked for them, which takes as long as the product of some hundred positions: 40 MiB. */
const UNPACKED_FOR = 10 * 2 ** 20;

/** Positions of a chunk. */
function chunkOf({ student, teacher }: LossInputs, { chunk }: TokenLossSpec): number {
  const widths = [student, teacher].flatMap((side) => (side?.isUnpacked ? [staticDim(side.logits(slice(side.hidden, 0, 0, 1)).shape, -1)] : []));
  return widths.length === 0 ? chunk : Math.max(chunk, Math.floor(UNPACKED_FOR / Math.max(...widths)));
}

function chunkLoss({ student, teacher, targets, weights, advantages }: LossInputs, spec: TokenLossSpec): TokenLoss {
  const count = staticDim(student.hidden.shape, 0);
  const column = (x: Value): Value => reshape(x, [count, 1]);
  const studentLogits = sharedLogits(student, spec);
  const logStudent = logSoftmax(studentLogits);
  const logTeacher = teacher && logSoftmax(sharedLogits(teacher, spec, logStudent));
  const at = { studentLogits, logStudent, logTeacher, targets };
  const value = divergence(spec, at);
  const logprob = (logp: Value): Value => reshape(gatherElements(logp, column(targets)), [count]);
  const told: Record<string, Value> = {
    divergence: reshape(value, [count]),
    ...Object.fromEntries((spec.also ?? []).map((name) => [`divergence ${name}`, reshape(divergence({ ...spec, divergence: name }, at), [count])])),
    targetLogprob: logprob(logStudent),
    studentEntropy: entropy(logStudent),
    ...likeliest('student', logStudent, targets, spec.top),
    ...(teacher && logTeacher && {
      teacherLogprob: logprob(logTeacher),
      teacherEntropy: entropy(logTeacher),
      agreement: cast(equal(argMax(logStudent, -1), teacher.choice?.(teacher.hidden) ?? argMax(logTeacher, -1)), 'float32'),
      ...(teacher.covered && { teacherCovered: teacher.covered(teacher.hidden) }),
      ...likeliest('teacher', logTeacher, targets, spec.top),
    }),
  };
  const flowsAfter = (x: Value): Value => afterwards(x, Object.values(told).filter(({ dtype, rank }) => dtype === 'float32' && rank === 1).map(column));
  return {
    told,
    loss: sum(mul(flowsAfter(value), column(weights))),
    policy: advantages ? sum(mul(flowsAfter(divergence({ ...spec, divergence: 'cross_entropy' }, at)), column(advantages))) : null,
  };
}

/**
 * x, whose gradient flows back when what is told of a chunk is there: else all that is told would be left for the end,
 * and the logits of every chunk would be held until then.
 */
function afterwards(x: Value, told: readonly Value[]): Value {
  return withGradient('afterwards', x, [x], {}, (up) => [inTurn(up, concat(told, 0))]);
}

function likeliest(model: string, logp: Value, targets: Value, count: number | undefined): Record<string, Value> {
  if (count === undefined) return {};
  const { values, indices } = topK(logp, count);
  const own = gatherElements(logp, reshape(targets, [staticDim(targets.shape, 0), 1]));
  // Counted from the whole number of ids down: there is no operator for "greater".
  const notLikelier = sum(cast(greaterOrEqual(own, logp), 'float32'), [-1]);
  return { [`${model}Top`]: values, [`${model}TopIds`]: indices, [`${model}Rank`]: sub(logp.graph.scalar(staticDim(logp.shape, -1) + 1), notLikelier) };
}

function sharedLogits({ hidden, logits }: Side, { lossTemperature, sharedVocabulary }: TokenLossSpec, logStudent?: Value): Value {
  const shared = slice(logits(hidden, logStudent), -1, 0, sharedVocabulary);
  return lossTemperature === 1 ? shared : mul(shared, 1 / lossTemperature);
}

/** -sum p log p over the last axis, in nats. */
function entropy(logp: Value): Value {
  return neg(sum(mul(exp(logp), logp), [-1]));
}

/** Nearly equal chunks of at most `chunk` positions. */
function chunkSizes(positions: number, chunk: number): number[] {
  const count = Math.ceil(positions / chunk);
  return Array.from({ length: count }, (_, at) => Math.floor(((at + 1) * positions) / count) - Math.floor((at * positions) / count));
}
