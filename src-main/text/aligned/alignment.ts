import { createHash } from 'node:crypto';
import type { TextEncoder } from '../text-encoder.ts';
import { keyOf, type Crossing } from './crossings.ts';
import { sameBytes } from './encode-behind.ts';
import { familiesOf, type Families } from './families.ts';
import { textOf, type Bytes } from './token-bytes.ts';
import type { Vocabulary } from './vocabulary.ts';

/** What the teacher knows of what follows a place in the student's text. */
export interface AlignedPlace {
  /** The teacher's token that begins there, by its place; null where none does. */
  next: number | null;
  /** Where tokens of the teacher may reach across it: the place where these begin, and the token that ends where the student's did. Null where none may. */
  across: { from: number; whole: number; crossing: Crossing } | null;
}

/** A text of the student as the teacher's tokenizer cuts it. */
export interface AlignedText {
  /** The teacher's tokens, and one behind them that stands for whatever comes next. */
  tokens: Int32Array;
  /** For each of the student's tokens; null where the two are not compared. */
  places: (AlignedPlace | null)[];
}

/** One of two models whose tokenizers are not the same. */
export interface AlignedSide { vocabulary: Vocabulary; encoder: Pick<TextEncoder, 'decode' | 'encodePrompt' | 'specialIds'> }

/** More tokens that may reach across a place are not looked at. */
export const MOST_ACROSS = 64;

/**
 * What two tokenizers have in common: which of their tokens say the same, and where both models can be asked the same
 * question of one text: how does it go on?
 */
export class Alignment {
  readonly families: Families;
  private readonly student: AlignedSide;
  private readonly teacher: AlignedSide;
  private readonly prompts = new Map<string, Int32Array>();

  constructor(student: AlignedSide, teacher: AlignedSide, families: Families = familiesOf(student.vocabulary, teacher.vocabulary)) {
    this.student = student;
    this.teacher = teacher;
    this.families = families;
  }

  /**
   * A completion of the student. Behind a special token that the teacher has not, and where the teacher's tokenizer
   * writes another text, nothing is compared any more.
   */
  align(completion: Int32Array): AlignedText {
    const { student: { vocabulary: { bytes } }, teacher: { vocabulary: teacher } } = this;
    const places = Array.from(completion, (): AlignedPlace | null => null);
    const tokens: number[] = [];
    for (let from = 0; from < completion.length;) {
      const end = completion.findIndex((id, at) => at >= from && !bytes[id]);
      const stretch = this.stretch(completion.subarray(from, end < 0 ? undefined : end));
      // The special token behind it, if any, follows all of it.
      for (let at = 0; at <= stretch.student.length && from + at < completion.length; at++) places[from + at] = shifted(this.placeIn(stretch, at), tokens.length);
      tokens.push(...stretch.teacher);
      const special = end < 0 || !stretch.isWhole ? null : this.specialOf(completion[end]!);
      if (special === null) break;
      tokens.push(special);
      from = end + 1;
    }
    return { tokens: Int32Array.of(...tokens, teacher.ends[0] ?? 0), places };
  }

  /** Takes note of what the teacher reads where the student reads a prompt: a chat as its own template writes it. */
  note(prompt: Int32Array, ofTeacher: Int32Array): void {
    this.prompts.set(digestOf(prompt), ofTeacher);
  }

  /** A prompt of the student as the teacher reads it; where it is none that was noted, the same text with the teacher's own special tokens around it. */
  promptOf(prompt: Int32Array): Int32Array {
    return this.prompts.get(digestOf(prompt)) ?? Int32Array.from(this.teacher.encoder.encodePrompt(this.student.encoder.decode(this.inside(prompt))));
  }

  /** The student's tokens for a text that the teacher wrote. */
  ofTeacher(tokens: Int32Array): Int32Array {
    const [student, teacher] = [this.student.vocabulary, this.teacher.vocabulary];
    const end = tokens.findIndex((id) => teacher.ends.includes(id));
    const text = textOf(Array.from(end < 0 ? tokens : tokens.subarray(0, end), (id) => teacher.bytes[id] ?? '').join(''));
    return Int32Array.from([...(text === '' ? [] : student.encodeBehind(text)), ...(end < 0 ? [] : student.ends.slice(0, 1))]);
  }

  private stretch(student: Int32Array): Stretch {
    const [own, teacher] = [this.student.vocabulary, this.teacher.vocabulary];
    const bytes = Array.from(student, (id) => own.bytes[id]!);
    const text = bytes.join('');
    const ids = text === '' ? [] : teacher.encodeBehind(textOf(text));
    const { count, starts } = sameBytes(ids, teacher.bytes, text);
    const begins = [0];
    for (const each of bytes) begins.push(begins.at(-1)! + each.length);
    return {
      student, begins, text, teacher: ids.slice(0, count), starts,
      placeAt: new Map(starts.map((start, place) => [start, place])), beginsAt: new Set(begins),
      isWhole: count === ids.length && starts.at(-1) === text.length,
    };
  }

  /** What is known of how a stretch goes on behind its first tokens. */
  private placeIn(stretch: Stretch, at: number): AlignedPlace | null {
    const { crossings: { ofTeacher, ofStudent, longest } } = this.families;
    const { student, begins, teacher, starts, placeAt, beginsAt, text } = stretch;
    const next = placeAt.get(begins[at]!) ?? null;
    if (next === null && begins[at]! > starts.at(-1)!) return null;
    // Where the student might have written one token across it, its own next one tells nothing of the text.
    for (let count = 1; next !== null && count <= Math.min(longest, next); count++) {
      if (beginsAt.has(starts[next - count]!) && ofStudent.has(keyOf(teacher.slice(next - count, next)))) return null;
    }
    const across: NonNullable<AlignedPlace['across']>[] = [];
    for (let count = 1; count <= Math.min(longest, at); count++) {
      const from = placeAt.get(begins[at - count]!);
      const crossing = from === undefined ? undefined : ofTeacher.get(keyOf(student.subarray(at - count, at)));
      if (from === undefined || !crossing) continue;
      const written = text.slice(starts[from], begins[at]);
      const whole = next === null ? this.teacher.vocabulary.saying(written) : teacher[from];
      const isNext = next === null ? (starts[from + 1] ?? 0) > begins[at]! : next === from + 1;
      if (whole === undefined || !isNext || crossing.ids.length > MOST_ACROSS) return null;
      across.push({ from, whole, crossing });
    }
    if (across.length > 1) return null;
    return next === null && across.length === 0 ? null : { next, across: across[0] ?? null };
  }

  /** The teacher's own token for a special one of the student; null where it has none. */
  private specialOf(id: number): number | null {
    const { student, sharedOfTeacher } = this.families;
    const same = sharedOfTeacher[student[id] ?? -1];
    return same !== undefined && !this.teacher.vocabulary.bytes[same] ? same : null;
  }

  /** Without the special tokens that the student's tokenizer puts around a text. */
  private inside(prompt: Int32Array): number[] {
    const isSpecial = (id: number): boolean => this.student.encoder.specialIds.has(id);
    let [from, to] = [0, prompt.length];
    while (from < to && isSpecial(prompt[from]!)) from++;
    while (to > from && isSpecial(prompt[to - 1]!)) to--;
    return [...prompt.subarray(from, to)];
  }
}

/** A text without special tokens, as both cut it. */
interface Stretch {
  student: Int32Array;
  /** The byte where each of the student's tokens begins, and the last of them ends. */
  begins: readonly number[];
  beginsAt: ReadonlySet<number>;
  text: Bytes;
  /** As far as the teacher's tokens say the same. */
  teacher: readonly number[];
  starts: readonly number[];
  placeAt: ReadonlyMap<number, number>;
  /** Whether that is all of it. */
  isWhole: boolean;
}

/** A place in a stretch as one in the whole text. */
function shifted(place: AlignedPlace | null, by: number): AlignedPlace | null {
  return place && { next: place.next === null ? null : place.next + by, across: place.across && { ...place.across, from: place.across.from + by } };
}

const digestOf = (prompt: Int32Array): string => createHash('sha256').update(prompt).digest('base64');
