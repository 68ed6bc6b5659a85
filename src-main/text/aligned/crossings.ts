import type { Vocabulary } from './vocabulary.ts';

/** Tokens of the teacher that a place may lie within: the student has written their beginning, and goes on with one of the families. */
export interface Crossing { ids: number[]; families: number[] }

/**
 * Where a token that only one of the two has may reach across a boundary of the other's. There the next token of either
 * tells as much of how the last one was cut as of what comes next.
 */
export interface Crossings {
  /** By what the student has written of them, as its ids joined by commas. */
  ofTeacher: ReadonlyMap<string, Crossing>;
  /** What the teacher reads of tokens that only the student has, as its ids joined by commas. */
  ofStudent: ReadonlySet<string>;
  /** Tokens of the longest beginning. */
  longest: number;
}

interface Side { of: Vocabulary; /** Families of those tokens that both know; -1 for all others. */ known: Int32Array }

export const keyOf = (ids: Iterable<number>): string => [...ids].join();

export function crossingsOf(student: Side & { families: Int32Array }, teacher: Side): Crossings {
  const ofTeacher = new Map<string, Crossing>();
  const ofStudent = new Set<string>();
  let longest = 0;
  for (const [id, pieces] of unshared(teacher, student.of)) {
    for (let count = 1; count < pieces.length; count++) {
      const key = keyOf(pieces.slice(0, count));
      const crossing = ofTeacher.get(key) ?? { ids: [], families: [] };
      crossing.ids.push(id);
      crossing.families.push(student.families[pieces[count]!]!);
      ofTeacher.set(key, crossing);
    }
    longest = Math.max(longest, pieces.length - 1);
  }
  for (const [, pieces] of unshared(student, teacher.of)) {
    for (let count = 1; count < pieces.length; count++) ofStudent.add(keyOf(pieces.slice(0, count)));
    longest = Math.max(longest, pieces.length - 1);
  }
  return { ofTeacher, ofStudent, longest };
}

/** The tokens that only one side has, as the other cuts them. */
function* unshared({ of, known }: Side, other: Vocabulary): Generator<[id: number, pieces: readonly number[]]> {
  for (const [id, family] of known.entries()) {
    const bytes = of.bytes[id];
    if (family < 0 && bytes) yield [id, other.pieces(bytes)];
  }
}
