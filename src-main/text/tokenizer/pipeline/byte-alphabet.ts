/** GPT-2's alphabet: one visible character for each byte. */
const CHARACTERS = Array.from({ length: 256 }, () => '');
const BYTES = new Map<string, number>();
for (let byte = 0, hidden = 0; byte < 256; byte++) {
  const isVisible = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
  const character = String.fromCharCode(isVisible ? byte : 256 + hidden++);
  CHARACTERS[byte] = character;
  BYTES.set(character, byte);
}

/** The characters of the alphabet, by byte. */
export const BYTE_ALPHABET: readonly string[] = CHARACTERS;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The text of bytes; each part that is no character becomes a replacement mark. */
export function textOfBytes(bytes: readonly number[]): string {
  return decoder.decode(Uint8Array.from(bytes));
}

/** The text of bytes, or null where a part of them is no character. */
export function wholeTextOfBytes(bytes: readonly number[]): string | null {
  try {
    return strict.decode(Uint8Array.from(bytes));
  } catch {
    return null;
  }
}

/** Writes a text's bytes in the alphabet. */
export function toByteAlphabet(text: string): string {
  let written = '';
  for (const byte of encoder.encode(text)) written += CHARACTERS[byte]!;
  return written;
}

/** The bytes that a text in the alphabet stands for; the text's own where a character is none of the alphabet's. */
export function fromByteAlphabet(text: string): Iterable<number> {
  const bytes: number[] = [];
  for (const character of text) {
    const byte = BYTES.get(character);
    if (byte === undefined) return encoder.encode(text);
    bytes.push(byte);
  }
  return bytes;
}
