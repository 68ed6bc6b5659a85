import { VALUE_NAMES } from '../../recipe/spoken.ts';

/** A value of the recipe as text. */
export function shown(value: unknown): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return VALUE_NAMES[value] ?? value;
  return Array.isArray(value) ? value.map(shown).join(', ') || 'none' : JSON.stringify(value);
}
