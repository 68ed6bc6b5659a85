import { METHOD_NAMES } from './method-names.ts';

/** Values of the recipe as a person calls them; what is not here is called by its code. */
export const VALUE_NAMES: Readonly<Record<string, string>> = {
  forward_kl: 'forward KL', reverse_kl: 'reverse KL', jsd: 'generalized JSD', tvd: 'total variation', cross_entropy: 'cross-entropy', vllm: 'vLLM', sglang: 'SGLang',
};

const NAMES: Readonly<Record<string, string>> = {
  ...VALUE_NAMES, 'seqkd': METHOD_NAMES.seqkd, 'minillm': METHOD_NAMES.minillm, 'rl-gkd': METHOD_NAMES['rl-gkd'], '>=': '≥',
};
const CODES = new RegExp(`(?<![\\w./-])(${Object.keys(NAMES).join('|')})(?![\\w/-])`, 'g');

/** A help text in the words that stand beside it on the screen: it is written for recipes, which know codes. */
export const spoken = (help: string): string => help.replaceAll(CODES, (code, _, at: number) => {
  const name = NAMES[code]!;
  const isFirst = at === 0 || help.slice(0, at).endsWith('. ');
  return isFirst && /^[a-z]+ /.test(name) ? `${name.slice(0, 1).toUpperCase()}${name.slice(1)}` : name;
});
