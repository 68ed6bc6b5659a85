import { splitWords, trimEnd } from './ngrams.ts';

/** sacrebleu's names: the tokenization of mteval-v13a, and that of mteval-v14 for all languages. */
export type BleuTokenizer = '13a' | 'intl';

export const BLEU_TOKENIZERS: Readonly<Record<BleuTokenizer, (text: string) => string[]>> = {
  '13a': (text) => {
    const plain = trimEnd(text).replaceAll('<skipped>', '').replaceAll('-\n', '').replaceAll('\n', ' ')
      .replaceAll('&quot;', '"').replaceAll('&amp;', '&').replaceAll('&lt;', '<').replaceAll('&gt;', '>');
    return splitWords(` ${plain} `
      .replaceAll(/([{-~[-` -&(-+:-@/])/gu, ' $1 ')
      // Full stops and commas stay inside numbers; a dash after a digit does not.
      .replaceAll(/([^0-9])([.,])/gu, '$1 $2 ')
      .replaceAll(/([.,])([^0-9])/gu, ' $1 $2')
      .replaceAll(/([0-9])(-)/gu, '$1 $2 '));
  },
  intl: (text) => splitWords(trimEnd(text)
    .replaceAll(/(\P{N})(\p{P})/gu, '$1 $2 ')
    .replaceAll(/(\p{P})(\P{N})/gu, ' $1 $2')
    .replaceAll(/(\p{S})/gu, ' $1 ')),
};
