import type { ForkKind, TokenRole } from './fork.ts';
import type { ComparedDivergence } from './inspection.ts';

/** How tokens, forks and divergences are named and shown, on the screen of mistakes as in a report. */
export const KINDS: Record<ForkKind, string> = {
  'number': 'wrong number', 'dropped': 'dropped content', 'repetition': 'repetition', 'early-end': 'early end', 'missing-end': 'missing end',
  'format': 'format', 'wording': 'wording',
};

export const ROLES: Record<TokenRole, string> = {
  agreed: 'agreed with', choice: 'choice of words', fork: 'fork', consequence: 'follows from a fork',
};

export const DIVERGENCE_NAMES: Record<ComparedDivergence, string> = {
  forward_kl: 'forward KL', reverse_kl: 'reverse KL', jsd: 'JSD', tvd: 'total variation',
};

/** Where a token's colour begins to be the next darker one, in nats (total variation: a share). */
const STEPS: Record<ComparedDivergence, readonly number[]> = {
  forward_kl: [0.05, 0.2, 0.6, 1.5, 4], reverse_kl: [0.05, 0.2, 0.6, 1.5, 4], jsd: [0.01, 0.05, 0.12, 0.25, 0.45], tvd: [0.05, 0.15, 0.3, 0.5, 0.8],
};

/** The colour of a divergence, 0 to 5. One that is not a number is the worst there is. */
export function levelOf(name: ComparedDivergence, value: number | null): number {
  return value === null || Number.isNaN(value) ? 5 : STEPS[name].filter((step) => value >= step).length;
}

/** From which divergence on each colour is used. */
export const stepsOf = (name: ComparedDivergence): readonly number[] => [0, ...STEPS[name]];

/** A text of a model, for a person: one that shows nothing says what it is instead. @param tokens  that it has, where that is known */
export function shownText(text: string, tokens?: number): { text: string; isBlank: boolean } {
  if (text.trim() !== '') return { text, isBlank: false };
  const length = Math.max(tokens ?? 0, tokens === undefined ? [...text].length : 0);
  return { text: length > 1 || text !== '' ? `${visible(text.slice(0, 1)) === '∅' ? '·' : visible(text.slice(0, 1))} × ${length}` : '(nothing: it ended at once)', isBlank: true };
}

/** Spaces and line breaks are part of tokens: they are made visible. */
export const visible = (text: string): string => text.replaceAll(' ', '·').replaceAll('\n', '↵').replaceAll('\t', '⇥') || '∅';
