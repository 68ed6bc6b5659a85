import { add, exp, mul, sub } from '../graph/ops/elementwise.ts';
import { concat, reshape, slice, split } from '../graph/ops/layout.ts';
import { sum } from '../graph/ops/reduce.ts';
import { logSoftmax } from '../graph/ops/softmax.ts';
import { staticDim } from '../graph/shape.ts';
import type { Value } from '../graph/value.ts';
import type { Families } from '../text/aligned/families.ts';
import { acrossPlace } from './across-place.ts';
import { rowLayout, type RowLayout } from './aligned-row.ts';
import { columns, logSums, planGroups, withNothing, type Groups } from './grouped.ts';
import type { Head, OutputLayer } from './head.ts';

/**
 * The head of a teacher with other tokens than the student's. It is handed over rows of `packPlace`.
 *
 * A family of tokens has the probability of its tokens together. Within it the teacher's is shared out in the student's
 * own proportions, so that a divergence is that over families, and its gradient the gradient of that (see `likeliestHead`).
 * Where nothing is compared the teacher's distribution is the student's, and nothing is learned.
 *
 * @param temperature  divides both models' logits in the loss
 */
export function alignedHead({ decoder, weights }: Head, families: Families, temperature: number): Head {
  return { decoder: new AlignedLayer(decoder, families, temperature), weights };
}

class AlignedLayer implements OutputLayer {
  readonly hiddenSize: number;
  readonly unpacksOutput: boolean;
  private readonly inner: OutputLayer;
  private readonly temperature: number;
  private readonly layout: RowLayout;
  private readonly student: Side;
  private readonly teacher: Side;
  /** The family of each of the student's tokens; one behind the last for a token in none. */
  private readonly families: Int32Array;
  /** The teacher's tokens that the student has too. */
  private readonly shared: Int32Array;

  constructor(inner: OutputLayer, families: Families, temperature: number) {
    const { student, teacher, count, sharedOfTeacher } = families;
    this.inner = inner;
    this.temperature = temperature;
    this.layout = rowLayout(inner.hiddenSize, families);
    this.hiddenSize = this.layout.width;
    this.unpacksOutput = inner.unpacksOutput ?? false;
    this.student = sideOf(student, count);
    this.teacher = sideOf(teacher, count);
    this.families = student.map((family) => (family < 0 ? count : family));
    this.shared = Int32Array.from(sharedOfTeacher);
  }

  /** log P [positions, the student's vocabulary], times the temperature that it is divided by again. */
  readonly logits = (rows: Value, logStudent?: Value): Value => {
    // Only asked how wide they are.
    if (!logStudent) return this.inner.logits(slice(rows, -1, 0, this.layout.state));
    const [next, from] = this.logTeacher(rows);
    const [ofNext, ofStudent] = [ofFamilies(next!, this.teacher), ofFamilies(logStudent, this.student)];
    const ofTeacher = from ? acrossPlace({ rows, layout: this.layout, from, ofNext, ofStudent }) : ofNext;
    const apart = mul(sub(ofTeacher, ofStudent), this.part(rows, this.layout.isCompared, 1));
    const logp = add(logStudent, columns(withNothing(apart), this.families));
    return this.temperature === 1 ? logp : mul(logp, this.temperature);
  };

  /** How much of its probability the teacher gives to tokens that the student has too. */
  readonly covered = (rows: Value): Value =>
    reshape(sum(exp(columns(this.logTeacher(rows)[0]!, this.shared)), [-1]), [staticDim(rows.shape, 0)]);

  private part(rows: Value, start: number, count: number): Value {
    return slice(rows, -1, start, start + count);
  }

  /** log P of its own tokens, of the next and of those across. */
  private logTeacher(rows: Value): readonly Value[] {
    const { layout: { state, across }, temperature } = this;
    const count = staticDim(rows.shape, 0);
    const states = across > 0 ? concat([this.part(rows, 0, state), this.part(rows, state, state)], 0) : this.part(rows, 0, state);
    const logits = slice(this.inner.logits(states), -1, 0, this.teacher.size);
    const logp = logSoftmax(temperature === 1 ? logits : mul(logits, 1 / temperature));
    return across > 0 ? split(logp, 0, [count, count]) : [logp];
  }
}

/** One of the two vocabularies, by families. */
interface Side { size: number; groups: Groups }

function sideOf(familyOf: Int32Array, count: number): Side {
  const members = Array.from({ length: count }, (): number[] => []);
  familyOf.forEach((family, id) => { if (family >= 0) members[family]!.push(id); });
  return { size: familyOf.length, groups: planGroups(members, familyOf.length) };
}

/** Log-probabilities of the families, [positions, families]. */
const ofFamilies = (logp: Value, { groups }: Side): Value => columns(logSums(logp, groups), groups.place);
