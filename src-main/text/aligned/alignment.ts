import { createHash } from 'node:crypto';
import type { TextEncoder } from '../text-encoder.ts';
import { sameBytes } from './encode-behind.ts';
import { familiesOf, type Families } from './families.ts';
import { textOf } from './token-bytes.ts';
import type { Vocabulary } from './vocabulary.ts';

/** A text of the student as the teacher's tokenizer cuts it. */
export interface AlignedText {
  /** The teacher's tokens, and one behind them that stands for whatever comes next. */
  tokens: Int32Array;
  /** For each of the student's tokens the teacher's that begins at the same byte; -1 where none does. */
  places: Int32Array;
}

/** One of two models whose tokenizers are not the same. */
export interface AlignedSide { vocabulary: Vocabulary; encoder: Pick<TextEncoder, 'decode' | 'encodePrompt' | 'specialIds'> }

/**
 * What two tokenizers have in common: which of their tokens say the same, and where they cut one text at the same byte.
 * Behind such a place both models answer the same question: how does this text go on?
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
    const places = new Int32Array(completion.length).fill(-1);
    const tokens: number[] = [];
    for (let from = 0; from < completion.length;) {
      const end = completion.findIndex((id, at) => at >= from && !bytes[id]);
      const to = end < 0 ? completion.length : end;
      const isWhole = this.alignText(completion, from, to, places, tokens);
      const special = end < 0 || !isWhole ? null : this.specialOf(completion[end]!);
      if (special === null) break;
      tokens.push(special);
      from = end + 1;
    }
    return { tokens: Int32Array.of(...tokens, teacher.ends[0] ?? 0), places };
  }

  /** A stretch without special tokens; the one behind it, if any, follows all of it. @returns whether the teacher's tokens say all of it */
  private alignText(completion: Int32Array, from: number, to: number, places: Int32Array, tokens: number[]): boolean {
    const [student, teacher] = [this.student.vocabulary, this.teacher.vocabulary];
    const bytes = Array.from(completion.subarray(from, to), (id) => student.bytes[id]!);
    const text = bytes.join('');
    const ids = text === '' ? [] : teacher.encodeBehind(textOf(text));
    const { count, starts } = sameBytes(ids, teacher.bytes, text);
    const placeAt = new Map(starts.map((start, place) => [start, tokens.length + place]));
    let offset = 0;
    for (let at = from; at <= to && at < completion.length; at++) {
      places[at] = placeAt.get(offset) ?? -1;
      offset += bytes[at - from]?.length ?? 0;
    }
    tokens.push(...ids.slice(0, count));
    return count === ids.length && starts.at(-1) === text.length;
  }

  /** The teacher's own token for a special one of the student; null where it has none. */
  private specialOf(id: number): number | null {
    const { student, sharedOfTeacher } = this.families;
    const same = sharedOfTeacher[student[id] ?? -1];
    return same !== undefined && !this.teacher.vocabulary.bytes[same] ? same : null;
  }

  /** Takes note of what the teacher reads where the student reads a prompt: a chat as its own template writes it. */
  note(prompt: Int32Array, ofTeacher: Int32Array): void {
    this.prompts.set(keyOf(prompt), ofTeacher);
  }

  /** A prompt of the student as the teacher reads it; where it is none that was noted, the same text with the teacher's own special tokens around it. */
  promptOf(prompt: Int32Array): Int32Array {
    return this.prompts.get(keyOf(prompt)) ?? Int32Array.from(this.teacher.encoder.encodePrompt(this.student.encoder.decode(this.inside(prompt))));
  }

  /** The student's tokens for a text that the teacher wrote. */
  ofTeacher(tokens: Int32Array): Int32Array {
    const [student, teacher] = [this.student.vocabulary, this.teacher.vocabulary];
    const end = tokens.findIndex((id) => teacher.ends.includes(id));
    const text = textOf(Array.from(end < 0 ? tokens : tokens.subarray(0, end), (id) => teacher.bytes[id] ?? '').join(''));
    return Int32Array.from([...(text === '' ? [] : student.encodeBehind(text)), ...(end < 0 ? [] : student.ends.slice(0, 1))]);
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

const keyOf = (prompt: Int32Array): string => createHash('sha256').update(prompt).digest('base64');
