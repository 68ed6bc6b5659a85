import { bertNormalizer } from './bert-normalizer.ts';
import { toByteAlphabet } from './byte-alphabet.ts';
import { LEADING_SPACE, lowerCase, trailingSpace } from './characters.ts';
import type { Field } from './field.ts';
import type { Normalizer } from './normalizer.ts';
import { readPattern } from './pattern.ts';
import { Charsmap } from './precompiled.ts';

/** Reads the field `normalizer`; none leaves a text as it is. */
export function readNormalizer(field: Field): Normalizer {
  if (field.isAbsent) return mapped((text) => text);
  const type = field.at('type').text();
  const read = Object.hasOwn(NORMALIZERS, type) ? NORMALIZERS[type]! : field.at('type').refuse(`is ${JSON.stringify(type)}, a normalizer that Retort does not know`);
  return read(field);
}

const NORMALIZERS: Readonly<Record<string, (field: Field) => Normalizer>> = {
  BertNormalizer: bertNormalizer,
  ByteLevel: () => mapped(toByteAlphabet),
  Lowercase: () => mapped(lowerCase),
  NFC: () => mapped((text) => text.normalize('NFC')),
  NFD: () => mapped((text) => text.normalize('NFD')),
  NFKC: () => mapped((text) => text.normalize('NFKC')),
  NFKD: () => mapped((text) => text.normalize('NFKD')),
  Nmt: () => without(/(?![\0\t\n\f\r\u0080-\u008e\u0090-\u009e])\p{Cc}/gu,
    (text) => text.replace(/[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/gu, ' ')),
  Precompiled: (field) => {
    const table = new Charsmap(field.at('precompiled_charsmap'));
    return mapped((text) => table.replace(text));
  },
  Prepend: (field) => {
    const prefix = field.at('prepend').text();
    return mapped((text) => (text === '' ? '' : prefix + text));
  },
  Replace: replacement,
  Sequence: (field) => inOrder(field.at('normalizers').list().map(readNormalizer)),
  Strip: (field) => {
    const [left, right] = [field.at('strip_left').flag(), field.at('strip_right').flag()];
    return {
      apply: (text) => {
        const stripped = left ? text.replace(LEADING_SPACE, '') : text;
        return right ? stripped.slice(0, stripped.length - trailingSpace(stripped)) : stripped;
      },
      keepsStart: (text) => !left || !LEADING_SPACE.test(text),
    };
  },
  StripAccents: () => without(/\p{M}/gu),
};

/** Changes characters where they stand. */
function mapped(apply: (text: string) => string): Normalizer {
  return { apply, keepsStart: () => true };
}

/** Takes characters away, and does `then` to what is left. */
function without(characters: RegExp, then: (text: string) => string = (text) => text): Normalizer {
  return { apply: (text) => then(text.replace(characters, '')), keepsStart: (text) => text.search(characters) !== 0 };
}

function replacement(field: Field): Normalizer {
  const pattern = readPattern(field.at('pattern'));
  const content = field.at('content').text();
  return {
    apply: (text) => pattern(text).map(({ start, end, isMatch }) => (isMatch ? content : text.slice(start, end))).join(''),
    keepsStart: (text) => {
      const [first] = pattern(text);
      // What stands for a match counts as its last character.
      return !first?.isMatch || first.end === 0 || (content !== '' && [...text.slice(0, first.end)].length <= 1);
    },
  };
}

function inOrder(parts: readonly Normalizer[]): Normalizer {
  return {
    apply: (text) => parts.reduce((result, part) => part.apply(result), text),
    keepsStart: (text) => {
      let result = text;
      return parts.every((part) => {
        const keeps = part.keepsStart(result);
        result = part.apply(result);
        return keeps;
      });
    },
  };
}
