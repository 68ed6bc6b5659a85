import { add, equal, exp, mul, neg } from '../graph/ops/elementwise.ts';
import { gatherElements } from '../graph/ops/gather.ts';
import { cast, concat, reshape, slice, split } from '../graph/ops/layout.ts';
import { matmul } from '../graph/ops/matmul.ts';
import { argMax, sum } from '../graph/ops/reduce.ts';
import { logSoftmax } from '../graph/ops/softmax.ts';
import { staticDim } from '../graph/shape.ts';
import type { Value } from '../graph/value.ts';
import { divergence, type DivergenceSpec } from './divergences.ts';

export interface TokenLossSpec extends DivergenceSpec {
  /** Divides both models' logits. */
  lossTemperature: number;
  /** Ids below this are known to both tokenizers; padded ids above it belong to no distribution. */
  sharedVocabulary: number;
  /** Positions projected to the vocabulary at once: what bounds the memory of the loss. */
  chunk: number;
}

export interface LossInputs {
  /** Hidden states [positions, width] and output layer [vocabulary, width] of each model. */
  studentHidden: Value;
  studentOutput: Value;
  teacher: { hidden: Value; output: Value } | null;
  /** The token that follows each position, [positions] (int32). */
  targets: Value;
  /** What a position counts in the loss, [positions]; zero for padding. */
  weights: Value;
}

/** The loss, and what is told of every position, each [positions]. */
export interface TokenLoss {
  loss: Value;
  divergence: Value;
  /** log Q(target) at temperature 1 of the loss. */
  targetLogprob: Value;
  studentEntropy: Value;
  teacherEntropy: Value | null;
  /** 1 where both models' first choice is the same. */
  agreement: Value | null;
}

/**
 * sum over positions of weight times divergence. Hidden states become logits in chunks of positions, one after
 * the other, so that tensors as wide as the vocabulary never hold more than a chunk.
 */
export function tokenLoss(inputs: LossInputs, spec: TokenLossSpec): TokenLoss {
  const positions = staticDim(inputs.studentHidden.shape, 0);
  const sizes = chunkSizes(positions, spec.chunk);
  const cut = (x: Value): readonly Value[] => split(x, 0, sizes);
  const students = cut(inputs.studentHidden);
  const teachers = inputs.teacher ? cut(inputs.teacher.hidden) : null;
  const targets = cut(inputs.targets);
  const weights = cut(inputs.weights);
  const chunks = sizes.map((_, at) => chunkLoss({
    ...inputs,
    studentHidden: students[at]!,
    teacher: inputs.teacher && { ...inputs.teacher, hidden: teachers![at]! },
    targets: targets[at]!,
    weights: weights[at]!,
  }, spec));
  const joined = (pick: (chunk: TokenLoss) => Value): Value => concat(chunks.map(pick), 0);
  const ofTeacher = (pick: (chunk: TokenLoss) => Value | null): Value | null =>
    (inputs.teacher ? joined((chunk) => pick(chunk)!) : null);
  return {
    loss: chunks.map((chunk) => chunk.loss).reduce((a, b) => add(a, b)),
    divergence: joined((chunk) => chunk.divergence),
    targetLogprob: joined((chunk) => chunk.targetLogprob),
    studentEntropy: joined((chunk) => chunk.studentEntropy),
    teacherEntropy: ofTeacher((chunk) => chunk.teacherEntropy),
    agreement: ofTeacher((chunk) => chunk.agreement),
  };
}

function chunkLoss({ studentHidden, studentOutput, teacher, targets, weights }: LossInputs, spec: TokenLossSpec): TokenLoss {
  const count = staticDim(studentHidden.shape, 0);
  const column = (x: Value): Value => reshape(x, [count, 1]);
  const row = (x: Value): Value => reshape(x, [count]);
  const studentLogits = logits(studentHidden, studentOutput, spec);
  const logStudent = logSoftmax(studentLogits);
  const logTeacher = teacher && logSoftmax(logits(teacher.hidden, teacher.output, spec));
  const value = divergence(spec, { studentLogits, logStudent, logTeacher, targets });
  return {
    loss: sum(mul(value, column(weights))),
    divergence: row(value),
    targetLogprob: row(gatherElements(logStudent, column(targets))),
    studentEntropy: entropy(logStudent),
    teacherEntropy: logTeacher && entropy(logTeacher),
    agreement: logTeacher && cast(equal(argMax(logStudent, -1), argMax(logTeacher, -1)), 'float32'),
  };
}

function logits(hidden: Value, output: Value, { lossTemperature, sharedVocabulary }: TokenLossSpec): Value {
  const all = matmul(hidden, output, { transB: true, alpha: 1 / lossTemperature });
  return slice(all, -1, 0, sharedVocabulary);
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
