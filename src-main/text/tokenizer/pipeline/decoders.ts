import { fromByteAlphabet, textOfBytes, wholeTextOfBytes } from './byte-alphabet.ts';
import type { Field } from './field.ts';
import { readScheme } from './metaspace.ts';
import { readPattern } from './pattern.ts';
import { tidied } from './tidied.ts';

/** Makes the tokens of a text into parts that join to it. */
export type Decoder = (tokens: readonly string[]) => string[];

/** Reads the field `decoder`; none puts a space between two tokens. */
export function readDecoder(field: Field): Decoder {
  if (field.isAbsent) return (tokens) => [tokens.join(' ')];
  const type = field.at('type').text();
  const read = Object.hasOwn(DECODERS, type) ? DECODERS[type]! : field.at('type').refuse(`is ${JSON.stringify(type)}, a decoder that Retort does not know`);
  return read(field);
}

const DECODERS: Readonly<Record<string, (field: Field) => Decoder>> = {
  BPEDecoder: (field) => {
    const suffix = field.at('suffix').text();
    return (tokens) => tokens.map((token, at) => replaced(token, suffix, at === tokens.length - 1 ? '' : ' '));
  },
  ByteFallback: () => byteFallback,
  ByteLevel: () => (tokens) => [textOfBytes(tokens.flatMap((token) => [...fromByteAlphabet(token)]))],
  CTC: (field) => {
    const [pad, delimiter, cleans] = [field.at('pad_token').text(), field.at('word_delimiter_token').text(), field.at('cleanup').flag()];
    return (tokens) => tokens.filter((token, at) => at === 0 || token !== tokens[at - 1]).map((token) => {
      const text = replaced(token, pad, '');
      return cleans ? replaced(cleaned(text), delimiter, ' ') : text;
    }).filter((text) => text !== '');
  },
  Fuse: () => (tokens) => [tokens.join('')],
  Metaspace: (field) => {
    const mark = field.at('replacement').character();
    const dropsFirst = readScheme(field) !== 'never';
    return (tokens) => tokens.map((token, at) => token.replaceAll(mark, at === 0 && dropsFirst ? '' : ' '));
  },
  Replace: (field) => {
    const pattern = readPattern(field.at('pattern'));
    const content = field.at('content').text();
    return (tokens) => tokens.map((token) => pattern(token).map(({ start, end, isMatch }) => (isMatch ? content : token.slice(start, end))).join(''));
  },
  Sequence: (field) => {
    const parts = field.at('decoders').list().map(readDecoder);
    return (tokens) => parts.reduce<string[]>((result, part) => part(result), [...tokens]);
  },
  Strip: (field) => {
    const [content, start, stop] = [field.at('content').character(), field.at('start').count(), field.at('stop').count()];
    return (tokens) => tokens.map((token) => strip(token, content, start, stop));
  },
  WordPiece: (field) => {
    const [prefix, cleans] = [field.at('prefix').text(), field.at('cleanup').flag()];
    return (tokens) => tokens.map((token, at) => {
      const text = at === 0 ? token : token.startsWith(prefix) ? token.slice(prefix.length) : ` ${token}`;
      return cleans ? cleaned(text) : text;
    });
  },
};

const BYTE_TOKEN = /^<0x(\+[0-9a-fA-F]|[0-9a-fA-F]{2})>$/;

/** Tokens like `<0xE2>` are the bytes of a text; a run of them that is none becomes as many replacement marks. */
function byteFallback(tokens: readonly string[]): string[] {
  const parts: string[] = [];
  let bytes: number[] = [];
  const flush = (): void => {
    const text = wholeTextOfBytes(bytes);
    parts.push(...(text === null ? bytes.map(() => '\ufffd') : [text]));
    bytes = [];
  };
  for (const token of tokens) {
    const byte = BYTE_TOKEN.exec(token)?.[1];
    if (byte !== undefined) {
      bytes.push(Number.parseInt(byte, 16));
    } else {
      if (bytes.length > 0) flush();
      parts.push(token);
    }
  }
  if (bytes.length > 0) flush();
  return parts;
}

function cleaned(text: string): string {
  return tidied(text).replaceAll(' do not', " don't");
}

/** Up to `start` times the character at the beginning and `stop` times at the end are dropped. */
function strip(token: string, content: string, start: number, stop: number): string {
  const characters = [...token];
  let [from, to] = [0, characters.length];
  while (from < Math.min(start, characters.length) && characters[from] === content) from++;
  while (characters.length - to < stop && to > from && characters[to - 1] === content) to--;
  return characters.slice(from, to).join('');
}

/** As Rust replaces: an empty text stands between all characters, never within one. */
function replaced(text: string, from: string, to: string): string {
  return from === '' ? ['', ...text, ''].join(to) : text.replaceAll(from, to);
}
