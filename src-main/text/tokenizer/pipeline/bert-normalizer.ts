import type { Field } from './field.ts';
import { lowerCase } from './characters.ts';
import type { Normalizer } from './normalizer.ts';

const CONTROL = /(?![\t\n\r])[\0\ufffd\p{Cc}\p{Cf}\p{Co}]/gu;
const SPACE = /\p{White_Space}/gu;
/** The blocks as the library has them; U+2B820 to U+2B91F are left out there too. */
const IDEOGRAPH = /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;

/** BERT's cleaning: control characters, spaces around ideographs, accents, lower case. */
export function bertNormalizer(field: Field): Normalizer {
  const cleans = field.at('clean_text').flag();
  const spaces = field.at('handle_chinese_chars').flag();
  const lowers = field.at('lowercase').flag();
  const strips = field.at('strip_accents').flag(lowers);
  const cleaned = (text: string): string => (cleans ? text.replace(CONTROL, '').replace(SPACE, ' ') : text);
  return {
    apply: (text) => {
      let normalized = cleaned(text);
      if (spaces) normalized = normalized.replace(IDEOGRAPH, ' $& ');
      if (strips) normalized = normalized.normalize('NFD').replace(/\p{Mn}/gu, '');
      return lowers ? lowerCase(normalized) : normalized;
    },
    keepsStart: (text) => !(cleans && text.search(CONTROL) === 0) && !(strips && text.normalize('NFD').search(/\p{Mn}/u) === 0),
  };
}
