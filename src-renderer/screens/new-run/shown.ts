const WORDS: Readonly<Record<string, string>> = {
  forward_kl: 'forward KL', reverse_kl: 'reverse KL', jsd: 'generalized JSD', tvd: 'total variation', cross_entropy: 'cross-entropy',
};

/** A value of the recipe as text. */
export function shown(value: unknown): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return WORDS[value] ?? value;
  return Array.isArray(value) ? value.map(shown).join(', ') || 'none' : JSON.stringify(value);
}
