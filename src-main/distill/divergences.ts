import type { DivergenceName } from '../contract/divergence.ts';
import { withGradient } from '../graph/custom-gradient.ts';
import { abs, add, exp, max, mul, neg, sign, softplus, sub } from '../graph/ops/elementwise.ts';
import { gatherElements, subtractAt } from '../graph/ops/gather.ts';
import { reshape } from '../graph/ops/layout.ts';
import { sum } from '../graph/ops/reduce.ts';
import { staticDim } from '../graph/shape.ts';
import type { Value } from '../graph/value.ts';

/** A divergence with its parameters, as a recipe's method gives them. */
export interface DivergenceSpec {
  divergence: DivergenceName;
  /** Weight of the teacher in the mixture of `jsd`. */
  beta: number;
  /** Divide `jsd` by beta (1 - beta), so that it tends to the KL divergences at both ends. */
  normalizeBeta: boolean;
}

/** Log-probabilities of both models at each position, [positions, vocabulary], and the tokens that follow, [positions] (int32). */
export interface Distributions {
  studentLogits: Value;
  logStudent: Value;
  logTeacher: Value | null;
  targets: Value;
}

/**
 * The divergence at every position, [positions, 1], in nats, with its analytic gradient with respect to the
 * student's logits (table in the GKD paper, arXiv 2306.13649, section 2; P is the teacher, Q the student).
 * No gradient reaches the teacher.
 */
export function divergence(spec: DivergenceSpec, at: Distributions): Value {
  const q = exp(at.logStudent);
  const { value, slope } = formula(spec, at, q);
  return withGradient(`divergence ${spec.divergence}`, value, [at.studentLogits], { ...spec }, (up) => [slope(up)]);
}

interface Formula {
  value: Value;
  /** The gradient with respect to the student's logits when `up` [positions, 1] arrives at the value. */
  slope(up: Value): Value;
}

function formula(spec: DivergenceSpec, { logStudent, logTeacher, targets }: Distributions, q: Value): Formula {
  if (spec.divergence === 'cross_entropy') return crossEntropy(logStudent, q, targets);
  if (!logTeacher) throw new Error(`${spec.divergence} needs a teacher`);
  switch (spec.divergence) {
    case 'forward_kl': return forwardKl(logStudent, logTeacher, q);
    case 'reverse_kl': return reverseKl(logStudent, logTeacher, q);
    case 'jsd': return jsd(spec, logStudent, logTeacher, q);
    case 'tvd': return totalVariation(logTeacher, q);
  }
}

/** Sum over the vocabulary. */
const total = (x: Value): Value => sum(x, [-1], true);

/** -log Q(target); gradient Q - onehot(target). */
function crossEntropy(logStudent: Value, q: Value, targets: Value): Formula {
  const index = reshape(targets, [staticDim(targets.shape, 0), 1]);
  return {
    value: neg(gatherElements(logStudent, index)),
    slope: (up) => subtractAt(mul(up, q), index, up),
  };
}

/** sum P log(P/Q); gradient Q - P. */
function forwardKl(logStudent: Value, logTeacher: Value, q: Value): Formula {
  const p = exp(logTeacher);
  return {
    value: total(mul(p, sub(logTeacher, logStudent))),
    slope: (up) => mul(up, sub(q, p)),
  };
}

/** sum Q log(Q/P); gradient Q (log(Q/P) - KL). */
function reverseKl(logStudent: Value, logTeacher: Value, q: Value): Formula {
  const ratio = sub(logStudent, logTeacher);
  const value = total(mul(q, ratio));
  return { value, slope: (up) => mul(mul(up, q), sub(ratio, value)) };
}

/**
 * beta KL(P||M) + (1 - beta) KL(Q||M) with M = beta P + (1 - beta) Q; gradient (1 - beta) Q (log(Q/M) - KL(Q||M)).
 * With d = log(P/Q) + log(beta / (1 - beta)): log(Q/M) = -log(1 - beta) - softplus(d), so that M is never formed.
 */
function jsd({ beta, normalizeBeta }: DivergenceSpec, logStudent: Value, logTeacher: Value, q: Value): Formula {
  const scale = normalizeBeta ? 1 / (beta * (1 - beta)) : 1;
  const ratio = sub(logTeacher, logStudent);
  const qOverM = sub(-Math.log(1 - beta), softplus(add(ratio, Math.log(beta / (1 - beta)))));
  const teacherPart = total(mul(exp(logTeacher), add(qOverM, ratio)));
  const studentPart = total(mul(q, qOverM));
  const value = add(mul(teacherPart, beta * scale), mul(studentPart, (1 - beta) * scale));
  return {
    // Rounding may leave an identical pair a hair below zero.
    value: max(value, 0),
    slope: (up) => mul(mul(mul(up, (1 - beta) * scale), q), sub(qOverM, studentPart)),
  };
}

/** 1/2 sum |P - Q|; gradient Q (s - sum Q s) / 2 with s the sign of Q - P. */
function totalVariation(logTeacher: Value, q: Value): Formula {
  const gap = sub(q, exp(logTeacher));
  const s = sign(gap);
  return {
    value: mul(total(abs(gap)), 0.5),
    slope: (up) => mul(mul(mul(up, 0.5), q), sub(s, total(mul(q, s)))),
  };
}
