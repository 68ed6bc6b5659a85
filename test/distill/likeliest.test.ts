import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { likeliestHead } from '../../src-main/distill/likeliest-head.ts';
import { fillUnused, packRow, rowWidth } from '../../src-main/distill/likeliest-row.ts';
import { tokenLoss, type Side } from '../../src-main/distill/token-loss.ts';
import { gradients } from '../../src-main/graph/gradient.ts';
import { sum } from '../../src-main/graph/ops/reduce.ts';
import { mul } from '../../src-main/graph/ops/elementwise.ts';
import { Graph } from '../../src-main/graph/value.ts';
import { float32, int32 } from '../../src-main/runtime/tensor.ts';
import { runGraph } from '../support/run-graph.ts';

const NAMES = ['forward_kl', 'reverse_kl', 'jsd', 'tvd'] as const;
type Name = (typeof NAMES)[number];
interface Spec { divergence: Name; beta: number; normalizeBeta: boolean }

const softmax = (logits: readonly number[]): number[] => {
  const most = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - most));
  const total = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / total);
};
const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** The divergence of two distributions and its slope in the student's log-probabilities, straight from the table of the paper. */
function exact({ divergence, beta, normalizeBeta }: Spec, p: readonly number[], q: readonly number[]): { value: number; slope: number[] } {
  const scale = normalizeBeta ? 1 / (beta * (1 - beta)) : 1;
  const klOf = (a: readonly number[], b: readonly number[]): number => total(a.map((x, at) => (x === 0 ? 0 : x * Math.log(x / b[at]!))));
  const m = p.map((x, at) => beta * x + (1 - beta) * q[at]!);
  switch (divergence) {
    case 'forward_kl': return { value: klOf(p, q), slope: q.map((x, at) => x - p[at]!) };
    case 'reverse_kl': return { value: klOf(q, p), slope: q.map((x, at) => x * (Math.log(x / p[at]!) - klOf(q, p))) };
    case 'jsd': return {
      value: scale * (beta * klOf(p, m) + (1 - beta) * klOf(q, m)),
      slope: q.map((x, at) => scale * (1 - beta) * x * (Math.log(x / m[at]!) - klOf(q, m))),
    };
    case 'tvd': {
      const s = q.map((x, at) => Math.sign(x - p[at]!));
      const mean = total(q.map((x, at) => x * s[at]!));
      return { value: total(q.map((x, at) => Math.abs(x - p[at]!))) / 2, slope: q.map((x, at) => (x * (s[at]! - mean)) / 2) };
    }
  }
}

/** What docs/served-teachers.md says the difference is at most: of the value, and of the gradient by the sum of its absolute values. */
function bounds({ divergence, beta, normalizeBeta }: Spec, p: readonly number[], q: readonly number[], isKnown: readonly boolean[]): { value: number; slope: number } {
  const scale = normalizeBeta ? 1 / (beta * (1 - beta)) : 1;
  const rest = isKnown.flatMap((known, at) => (known ? [] : [at]));
  if (rest.length === 0) return { value: 0, slope: 0 };
  const [pR, qR] = [total(rest.map((at) => p[at]!)), total(rest.map((at) => q[at]!))];
  const least = (of: readonly number[]): number => Math.min(...rest.map((at) => of[at]!));
  switch (divergence) {
    case 'forward_kl': return { value: pR * Math.log(qR / least(q)), slope: 2 * pR };
    case 'reverse_kl': {
      const apart = Math.log(pR / least(p));
      return { value: qR * apart, slope: 2 * qR * (apart + 2) };
    }
    case 'jsd': {
      const mR = beta * pR + (1 - beta) * qR;
      return {
        value: scale * (beta * pR * Math.log(mR / (beta * pR)) + (1 - beta) * qR * Math.log(mR / ((1 - beta) * qR))),
        slope: scale * 4 * (1 - beta) * qR * Math.log(mR / ((1 - beta) * qR)),
      };
    }
    case 'tvd': return { value: Math.min(pR, qR), slope: 2 * qR };
  }
}

interface Position { teacher: readonly number[]; student: readonly number[]; written: number; count: number }

/** The k likeliest and the written token of a distribution, as a server tells them, over a vocabulary that the two share. */
function rowOf({ teacher, written, count }: Position, shared = teacher.length): { row: Float32Array; isKnown: boolean[] } {
  const p = softmax(teacher);
  const tell = (id: number): { id: number; logprob: number } => ({ id, logprob: Math.log(p[id]!) });
  const top = p.map((_, id) => id).sort((a, b) => p[b]! - p[a]! || a - b).slice(0, count).map(tell);
  const row = new Float32Array(rowWidth(count + 1));
  packRow(row, top, tell(written), shared);
  return { row, isKnown: p.map((_, id) => id === written || top.some((token) => token.id === id)) };
}

/** Loss and gradient by the compiled graph, of positions in one batch. */
async function measure(spec: Spec, positions: readonly Position[], rows: readonly Float32Array[], chunk = 3, shared?: number): Promise<{ value: number[]; slope: number[][]; told: Record<string, number[]> }> {
  const graph = new Graph();
  const [count, width] = [positions.length, positions[0]!.student.length];
  const known = (rows[0]!.length - 1) / 2;
  const logits = graph.input('student', 'float32', [count, width]);
  const head = likeliestHead(known).decoder;
  const teacher: Side = { hidden: graph.input('teacher', 'float32', [count, head.hiddenSize]), isUnpacked: false, logits: head.logits, choice: head.choice!, covered: head.covered! };
  const { loss, told } = tokenLoss({
    student: { hidden: logits, isUnpacked: false, logits: (hidden) => hidden }, teacher,
    targets: graph.input('targets', 'int32', [count]), weights: graph.constant('float32', [count], new Float32Array(count).fill(1)),
  }, { ...spec, lossTemperature: 1, sharedVocabulary: shared ?? width, chunk });
  const [gradient] = gradients(new Map([[sum(mul(loss, 1)), graph.scalar(1)]]), [logits]);
  const { gradient: slopes, ...values } = await runGraph({ ...told, gradient: gradient! }, {
    student: float32(Float32Array.from(positions.flatMap(({ student }) => student)), [count, width]),
    teacher: float32(Float32Array.from(rows.flatMap((row) => [...row])), [count, rows[0]!.length]),
    targets: int32(Int32Array.from(positions, ({ written }) => written), [count]),
  });
  return { value: values['divergence']!, slope: positions.map((_, at) => slopes!.slice(at * width, (at + 1) * width)), told: values };
}

const SPECS: Spec[] = NAMES.flatMap((divergence): Spec[] => (divergence === 'jsd'
  ? [{ divergence, beta: 0.1, normalizeBeta: false }, { divergence, beta: 0.5, normalizeBeta: true }, { divergence, beta: 0.9, normalizeBeta: false }]
  : [{ divergence, beta: 0.5, normalizeBeta: false }]));

const logit = fc.double({ min: -6, max: 6, noNaN: true });
const positionsOf = (width: number): fc.Arbitrary<Position[]> => fc.array(fc.record({
  teacher: fc.array(logit, { minLength: width, maxLength: width }), student: fc.array(logit, { minLength: width, maxLength: width }),
  written: fc.nat(width - 1), count: fc.constant(0),
}), { minLength: 4, maxLength: 4 });

describe.each(SPECS)('$divergence, beta $beta, of a teacher of whom the likeliest tokens are known', (spec) => {
  it('is the divergence over the known tokens and one bucket of the others, and its gradient, within the stated bound of the exact ones', async () => {
    await fc.assert(fc.asyncProperty(positionsOf(11), fc.integer({ min: 1, max: 10 }), async (given, count) => {
      const positions = given.map((position) => ({ ...position, count }));
      const told = positions.map((position) => rowOf(position));
      const found = await measure(spec, positions, told.map(({ row }) => row));
      positions.forEach(({ teacher, student }, at) => {
        const [p, q, { isKnown }] = [softmax(teacher), softmax(student), told[at]!];
        const bucketOf = (of: readonly number[]): number[] => [...of.filter((_, id) => isKnown[id]), total(of.filter((_, id) => !isKnown[id]))].filter((_, place, all) => place < all.length - 1 || isKnown.includes(false));
        const buckets = exact(spec, bucketOf(p), bucketOf(q));
        expect(found.value[at]!).toBeCloseTo(buckets.value, 4);
        // A bucket's slope falls on its tokens by the student's own proportions.
        const qR = total(q.filter((_, id) => !isKnown[id]));
        const order = isKnown.flatMap((known, id) => (known ? [id] : []));
        const slopes = q.map((x, id) => (isKnown[id] ? buckets.slope[order.indexOf(id)]! : (buckets.slope.at(-1)! * x) / qR));
        // Where two probabilities are equal but for rounding, the total variation has no slope.
        const isTied = (of: (values: readonly number[]) => number[]): boolean => of(p).some((x, id) => Math.abs(x - of(q)[id]!) < 1e-4);
        const hasSlope = spec.divergence !== 'tvd' || !(isTied(bucketOf) || isTied((values) => [...values]));
        if (hasSlope) slopes.forEach((slope, id) => expect(found.slope[at]![id]!).toBeCloseTo(slope, 4));
        const whole = exact(spec, p, q);
        const bound = bounds(spec, p, q, isKnown);
        expect(whole.value - found.value[at]!).toBeGreaterThan(-1e-4);
        expect(whole.value - found.value[at]!).toBeLessThan(bound.value + 1e-4);
        if (hasSlope) expect(total(whole.slope.map((slope, id) => Math.abs(slope - found.slope[at]![id]!)))).toBeLessThan(bound.slope + 1e-4);
      });
    }), { numRuns: 25, seed: 5 });
  });

  it('is exact where all tokens are known', async () => {
    const positions: Position[] = [[3, -1, 0.5, 2], [0, 0, 0, 0], [-9, 4, 4, 1]].map((teacher, at) => ({ teacher, student: [1, at, -2, 0.3], written: at, count: 4 }));
    const found = await measure(spec, positions, positions.map((position) => rowOf(position).row));
    positions.forEach(({ teacher, student }, at) => {
      const whole = exact(spec, softmax(teacher), softmax(student));
      expect(found.value[at]!).toBeCloseTo(whole.value, 5);
      whole.slope.forEach((slope, id) => expect(found.slope[at]![id]!).toBeCloseTo(slope, 5));
    });
    expect(found.told['teacherCovered']).toEqual([1, 1, 1]);
  });
});

const FORWARD: Spec = { divergence: 'forward_kl', beta: 0.5, normalizeBeta: false };

describe('what is told of a position', () => {
  it('is how much is covered, the teacher\'s own first choice, and its word on the token that is written', async () => {
    // The student is sure of a token of which the teacher only says that it is none of its likeliest.
    const position: Position = { teacher: [1, 0.9, 0.8, 0.7, 0.6, 0.5], student: [0, 0, 0, 0, 0, 9], written: 4, count: 1 };
    const p = softmax(position.teacher);
    const { told } = await measure(FORWARD, [position], [rowOf(position).row]);
    expect(told['teacherCovered']![0]!).toBeCloseTo(p[0]! + p[4]!, 6);
    expect(told['agreement']).toEqual([0]);
    expect(told['teacherLogprob']![0]!).toBeCloseTo(Math.log(p[4]!), 5);
  });

  it('leaves out what a server gives to padded ids', async () => {
    const position: Position = { teacher: [2, 1, 0, -1, 1.5, 1.2], student: [1, 2, 3, 0, 0, 0], written: 2, count: 6 };
    const { row } = rowOf(position, 4);
    const { value } = await measure(FORWARD, [{ ...position, student: position.student.slice(0, 4) }], [row], 3, 4);
    expect(value[0]!).toBeCloseTo(exact(FORWARD, softmax(position.teacher.slice(0, 4)), softmax(position.student.slice(0, 4))).value, 5);
  });

  it('is a number where a teacher is sure, where a student is, and where a row stands for no position', async () => {
    const sure: Position = { teacher: [400, 0, 0, 0, 0], student: [-400, 0, 300, 0, 0], written: 2, count: 2 };
    const unused = new Float32Array(rowWidth(3));
    fillUnused(unused, 3);
    for (const divergence of NAMES) {
      const { value, slope } = await measure({ ...FORWARD, divergence }, [sure, sure], [rowOf(sure).row, unused]);
      expect([...value, ...slope.flat()].every(Number.isFinite)).toBe(true);
    }
  });

  it('does not take rounding for a rest', () => {
    const row = new Float32Array(rowWidth(3));
    packRow(row, [{ id: 0, logprob: -1e-7 }, { id: 1, logprob: -30 }], { id: 2, logprob: -35 }, 10);
    // Seven others, each no likelier than the last.
    expect(Math.exp(row[6]!)).toBeLessThan(7.001 * Math.exp(-30));
  });
});
