import { crossingsOf, type Crossings } from './crossings.ts';
import type { Vocabulary } from './vocabulary.ts';

/**
 * Two vocabularies as parts of one set of families. A family has one token that both know, and of either side those
 * tokens that the other cuts into pieces of which it is the first: whoever writes one of them goes on with the same text.
 */
export interface Families {
  /** How many tokens both know: the families from 0 on. */
  shared: number;
  /** How many families there are: those, and one of the tokens that are in none of them where both sides have such. */
  count: number;
  /** The family of each id; -1 where the other side can say nothing of it. */
  student: Int32Array;
  teacher: Int32Array;
  /** The teacher's tokens that the student knows. */
  sharedOfTeacher: number[];
  crossings: Crossings;
}

/** The family of a token that is in none. */
const NONE = -1;

export function familiesOf(student: Vocabulary, teacher: Vocabulary): Families {
  const [own, other] = [new Int32Array(student.size).fill(NONE), new Int32Array(teacher.size).fill(NONE)];
  const sharedOfTeacher: number[] = [];
  const pair = (id: number, same: number | undefined): void => {
    if (same === undefined || own[id] !== NONE || other[same] !== NONE) return;
    own[id] = other[same] = sharedOfTeacher.length;
    sharedOfTeacher.push(same);
  };
  // The same spelling first, so that the token of a byte is not taken for the letter which it is.
  for (let id = 0; id < student.size; id++) pair(id, teacher.spelledAs(student, id));
  for (let id = 0; id < student.size; id++) pair(id, teacher.saying(student.bytes[id] ?? null));
  const [end, endOfTeacher] = [student.ends[0], teacher.ends[0]];
  if (end !== undefined) pair(end, endOfTeacher);
  const shared = sharedOfTeacher.length;

  const [joined, joinedOther] = [joinedTo({ of: student, known: own }, { of: teacher, known: other }), joinedTo({ of: teacher, known: other }, { of: student, known: own })];
  const hasRest = joined.includes(NONE) && joinedOther.includes(NONE);
  const withRest = (families: Int32Array): Int32Array => (hasRest ? families.map((family) => (family === NONE ? shared : family)) : families);
  const crossings = crossingsOf({ of: student, known: own, families: withRest(joined) }, { of: teacher, known: other });
  return { crossings, shared, count: shared + Number(hasRest), student: withRest(joined), teacher: withRest(joinedOther), sharedOfTeacher };
}

/** A vocabulary with the families of those of its tokens that the other one knows. */
interface Side { of: Vocabulary; known: Int32Array }

/** The families of all tokens of a side. */
function joinedTo(side: Side, other: Side): Int32Array {
  return side.known.map((family, id) => (family === NONE ? familyOf(id, side, other) : family));
}

/** That of the first piece that the other side cuts a token into, or where this is none that both know, of its own first piece. */
function familyOf(id: number, side: Side, other: Side): number {
  const bytes = side.of.bytes[id];
  if (!bytes) {
    const [end] = other.of.ends;
    return side.of.ends.includes(id) && end !== undefined ? other.known[end]! : NONE;
  }
  const [piece] = other.of.pieces(bytes);
  if (piece === undefined) return NONE;
  if (other.known[piece] !== NONE) return other.known[piece]!;
  // Shorter with every turn, so that this comes to an end.
  return other.of.bytes[piece]!.length < bytes.length ? familyOf(piece, other, side) : NONE;
}
