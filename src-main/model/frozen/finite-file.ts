import { openFile, readFully } from '../../files/file-bytes.ts';
import { Problem } from '../../contract/problem.ts';
import { bytesPerElement, decodeFloats, type FloatFormat } from '../float-formats.ts';
import { ENCODINGS } from '../../nn/weights/encodings/encodings.ts';
import { infiniteWeight } from '../finite.ts';
import type { WeightPlace } from '../model-files.ts';

/** Bytes that are looked at together, of whole blocks. */
const PIECE = 2 ** 22;
/** The bits that are all set in what is no finite number. */
const EXPONENTS = { F32: 0x7f80, BF16: 0x7f80, F16: 0x7c00 } as const;

/** What has been looked at already: a teacher may come and go at every step. */
const known = new Set<string>();

/**
 * Looks at the numbers of a weight as it lies, of blocks at their scales.
 * @throws Problem where one is NaN or infinite
 */
export async function refuseInfiniteFile({ path, offset, bytes, encoding }: WeightPlace, tensor: string): Promise<void> {
  const { bytes: size, elements, halves } = ENCODINGS[encoding];
  const isPlain = encoding === 'F32' || encoding === 'F16' || encoding === 'BF16';
  if (!isPlain && halves.length === 0) return;
  const exponent = isPlain ? EXPONENTS[encoding] : EXPONENTS.F16;
  // The sign and the exponent of a float32 are its upper half.
  const places = isPlain ? [size - 2] : halves;
  const step = size / 2;
  const words = new Uint16Array(Math.floor(PIECE / size) * step);
  const file = await openFile(path);
  try {
    const { dev, ino, size: whole, mtimeNs } = await file.stat({ bigint: true });
    const stamp = [dev, ino, whole, mtimeNs, offset].join();
    if (known.has(stamp)) return;
    for (let at = 0; at < bytes; at += words.byteLength) {
      const length = Math.min(words.byteLength, bytes - at);
      await readFully(file, new Uint8Array(words.buffer, 0, length), offset + at, () => new Problem(`${path} became shorter while it was read`, { hint: 'Copy or download the file again.' }));
      // Blocks of an odd size have no halves.
      for (const place of places) {
        for (let word = place / 2; word < length / 2; word += step) {
          if ((words[word]! & exponent) === exponent) throw infiniteWeight(path, tensor, isPlain ? numberAt(encoding, words, word) : 'a scale that is not finite', (at + 2 * word - place) / size * elements);
        }
      }
    }
    known.add(stamp);
  } finally {
    await file.close();
  }
}

/** A number by its last two bytes. */
function numberAt(format: FloatFormat, words: Uint16Array, last: number): string {
  const number = new Float32Array(1);
  const size = bytesPerElement(format);
  decodeFloats(format, new Uint8Array(words.buffer, 2 * last + 2 - size, size), number);
  return String(number[0]);
}
