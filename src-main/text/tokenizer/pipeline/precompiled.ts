import type { Field } from './field.ts';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
const encoder = new TextEncoder();
/** Longer clusters of characters, in bytes, are looked up character by character. */
const LONGEST_CLUSTER = 5;

/**
 * SentencePiece's compiled table of replacements: a trie as a double array (darts-clone) whose leaves point into a list of
 * texts, each closed by a zero byte.
 */
export class Charsmap {
  /** A unit: label in bits 0 to 7, whether it has a leaf in bit 8, offset in bits 10 to 31 (times 256 if bit 9 is set); a leaf's value in bits 0 to 30. */
  private readonly units: Uint32Array;
  private readonly texts: Uint8Array;
  private readonly leavesAsciiAlone: boolean;

  constructor(field: Field) {
    const bytes = Buffer.from(field.text(), 'base64');
    const size = bytes.length < 4 ? -1 : bytes.readUInt32LE(0);
    if (size <= 0 || size % 4 !== 0 || size > bytes.length - 4) field.refuse('is no compiled table of SentencePiece: its trie does not fit into it');
    this.units = new Uint32Array(size / 4).map((_, at) => bytes.readUInt32LE(4 + 4 * at));
    this.texts = bytes.subarray(4 + size);
    this.leavesAsciiAlone = Array.from({ length: 95 }, (_, at) => this.find(String.fromCharCode(32 + at))).every((found) => found === undefined);
  }

  /** As the tokenizers library replaces: a cluster of characters by what its shortest known beginning stands for, else each of its characters. */
  replace(text: string): string {
    if (this.leavesAsciiAlone && /^[ -~]*$/.test(text)) return text;
    let replaced = '';
    for (const { segment } of graphemes.segment(text)) {
      const whole = encoder.encode(segment).length <= LONGEST_CLUSTER ? this.find(segment) : undefined;
      if (whole === undefined) for (const character of segment) replaced += this.find(character) ?? character;
      else replaced += whole;
    }
    return replaced;
  }

  private find(text: string): string | undefined {
    let unit = this.units[0]!;
    let at = offsetOf(unit);
    for (const byte of encoder.encode(text)) {
      if (byte === 0) return undefined;
      at ^= byte;
      unit = this.units[at] ?? 0;
      if ((unit & 0x800000ff) !== byte) return undefined;
      at ^= offsetOf(unit);
      if ((unit & 0x100) !== 0) return this.textAt((this.units[at] ?? 0) & 0x7fffffff);
    }
    return undefined;
  }

  private textAt(start: number): string {
    const end = this.texts.indexOf(0, start);
    return Buffer.from(this.texts.subarray(start, end < 0 ? undefined : end)).toString('utf8');
  }
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}
