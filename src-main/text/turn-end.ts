import type { TextEncoder } from './text-encoder.ts';

/**
 * Where a learned turn ends among its tokens: behind the token that ends it, without the line break that a template puts
 * there. Of several special tokens at the end it is the first that ends a text, or else the last; where that one comes
 * several times in a row, the turn's own words end with it, and the last is the template's. Null where there is none.
 */
export function turnEnd(
  ids: readonly number[], from: number, to: number, { specialIds, eosIds, decode }: Pick<TextEncoder, 'specialIds' | 'eosIds' | 'decode'>,
): { at: number; isClosed: boolean } | null {
  const isMark = (id: number): boolean => specialIds.has(id) || eosIds.includes(id);
  let tail = to;
  while (tail > from && (isMark(ids[tail - 1]!) || decode([ids[tail - 1]!]).trim() === '')) tail--;
  const closing = ids.slice(tail, to);
  const eos = closing.findIndex((id) => eosIds.includes(id));
  let at = eos >= 0 ? eos : closing.findLastIndex(isMark);
  while (eos >= 0 && closing[at + 1] === closing[eos]) at++;
  return at < 0 ? null : { at: tail + at + 1, isClosed: true };
}
