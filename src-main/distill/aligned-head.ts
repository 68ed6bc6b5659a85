import { add, exp, mul, sub } from '../graph/ops/elementwise.ts';
import { reshape, slice } from '../graph/ops/layout.ts';
import { sum } from '../graph/ops/reduce.ts';
import { logSoftmax } from '../graph/ops/softmax.ts';
import { staticDim } from '../graph/shape.ts';
import type { Value } from '../graph/value.ts';
import type { Families } from '../text/aligned/families.ts';
import { columns, logSums, planGroups, withNothing, type Groups } from './grouped.ts';
import type { Head, OutputLayer } from './head.ts';

/**
 * The head of a teacher with other tokens than the student's. It is handed over the teacher's hidden states, each with
 * a 1 behind it where both texts have a boundary, and a 0 where they have none.
 *
 * A family of tokens has the probability of its tokens together. Within it the teacher's is shared out in the student's
 * own proportions, so that a divergence is that over families, and its gradient the gradient of that (see `likeliestHead`).
 * Where there is no boundary the teacher's distribution is the student's, and nothing is learned.
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
  private readonly student: Half;
  private readonly teacher: Half;
  /** The teacher's tokens that the student has too. */
  private readonly shared: Int32Array;

  constructor(inner: OutputLayer, { student, teacher, count, sharedOfTeacher }: Families, temperature: number) {
    this.inner = inner;
    this.temperature = temperature;
    this.hiddenSize = inner.hiddenSize + 1;
    this.unpacksOutput = inner.unpacksOutput ?? false;
    this.student = half(student, count, student);
    this.teacher = half(teacher, count, student);
    this.shared = Int32Array.from(sharedOfTeacher);
  }

  /** log P [positions, the student's vocabulary], times the temperature that it is divided by again. */
  readonly logits = (rows: Value, logStudent?: Value): Value => {
    // Only asked how wide they are.
    if (!logStudent) return this.inner.logits(this.hidden(rows));
    const isCompared = slice(rows, -1, this.inner.hiddenSize, this.hiddenSize);
    const apart = sub(ofFamilies(this.logTeacher(rows), this.teacher), ofFamilies(logStudent, this.student));
    const logp = add(logStudent, mul(apart, isCompared));
    return this.temperature === 1 ? logp : mul(logp, this.temperature);
  };

  /** How much of its probability the teacher gives to tokens that the student has too. */
  readonly covered = (rows: Value): Value =>
    reshape(sum(exp(columns(this.logTeacher(rows), this.shared)), [-1]), [staticDim(rows.shape, 0)]);

  private hidden(rows: Value): Value {
    return slice(rows, -1, 0, this.inner.hiddenSize);
  }

  private logTeacher(rows: Value): Value {
    const logits = slice(this.inner.logits(this.hidden(rows)), -1, 0, this.teacher.size);
    return logSoftmax(this.temperature === 1 ? logits : mul(logits, 1 / this.temperature));
  }
}

/** One of the two vocabularies. */
interface Half {
  size: number;
  groups: Groups;
  /** Where the family of each of the student's tokens stands among the sums; behind them for a token in none. */
  places: Int32Array;
}

function half(familyOf: Int32Array, count: number, wanted: Int32Array): Half {
  const members = Array.from({ length: count }, (): number[] => []);
  familyOf.forEach((family, id) => { if (family >= 0) members[family]!.push(id); });
  const groups = planGroups(members, familyOf.length);
  return { size: familyOf.length, groups, places: wanted.map((family) => (family < 0 ? groups.width : groups.place[family]!)) };
}

/** The log-probability of the family of each of the student's tokens, [positions, the student's vocabulary]; 0 for tokens in none. */
const ofFamilies = (logp: Value, { groups, places }: Half): Value => columns(withNothing(logSums(logp, groups)), places);
