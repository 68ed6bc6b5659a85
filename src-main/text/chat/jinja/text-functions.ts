import type { Budget } from './budget.ts';
import { raise, refuse } from './fault.ts';
import { characters, lengthOf, SPACE } from './text.ts';

/** All that Python's splitlines breaks at. */
const LINE_BREAKS = ['\\n-\\r', '\\x1c-\\x1e', '\\x85\\u2028\\u2029'].join('');
const SPACES = new RegExp(`[${SPACE}]+`);
const LEADING = new RegExp(`^[${SPACE}]+`);
const isBlank = new RegExp(`[${SPACE}]`);

/** @param chars  the characters to take off; null for white space. */
export function stripped(text: string, chars: string | null, side: 'both' | 'left' | 'right'): string {
  const set = chars === null ? null : new Set(characters(chars));
  const all = chars === null || !/[\ud800-\udfff]/.test(text + chars) ? text : Array.from(text);
  const goes = (character: string): boolean => set === null ? isBlank.test(character) : set.has(character);
  let start = 0;
  let end = all.length;
  if (side !== 'right') while (start < end && goes(all[start]!)) start++;
  if (side !== 'left') while (end > start && goes(all[end - 1]!)) end--;
  return typeof all === 'string' ? all.slice(start, end) : all.slice(start, end).join('');
}

/** @param limit  the most cuts to make; negative for all. */
export function splitText(text: string, separator: string | null, limit: number, isRight: boolean): string[] {
  if (separator === '') return raise('empty separator');
  if (separator === null) return splitAtSpace(text, limit, isRight);
  const parts = text.split(separator);
  if (limit < 0 || parts.length <= limit + 1) return parts;
  return isRight
    ? [parts.slice(0, parts.length - limit).join(separator), ...parts.slice(parts.length - limit)]
    : [...parts.slice(0, limit), parts.slice(limit).join(separator)];
}

function splitAtSpace(text: string, limit: number, isRight: boolean): string[] {
  const inner = stripped(text, null, 'both');
  if (inner === '') return [];
  if (limit < 0) return inner.split(SPACES);
  const parts: string[] = [];
  let rest = stripped(text, null, isRight ? 'right' : 'left');
  while (parts.length < limit && rest !== '') {
    const places = [...rest.matchAll(new RegExp(SPACES, 'g'))];
    const cut = isRight ? places.at(-1) : places[0];
    if (cut === undefined || (isRight && cut.index === 0)) break;
    const [before, after] = [rest.slice(0, cut.index), rest.slice(cut.index + cut[0].length)];
    if (isRight) parts.unshift(after); else parts.push(before);
    rest = isRight ? before : after;
  }
  if (isRight) rest = rest.replace(LEADING, (space) => parts.length < limit ? '' : space);
  else if (parts.length < limit) rest = stripped(rest, null, 'right');
  if (rest !== '') { if (isRight) parts.unshift(rest); else parts.push(rest); }
  return parts;
}

const LINE_END = new RegExp(`\\r\\n|[${LINE_BREAKS}]`, 'g');

/** At every line break that Python knows; the last line is not closed by an empty one. */
export function lines(text: string, keepsEnds: boolean): string[] {
  const result: string[] = [];
  let start = 0;
  for (const { 0: end, index } of text.matchAll(LINE_END)) {
    result.push(text.slice(start, keepsEnds ? index + end.length : index));
    start = index + end.length;
  }
  if (start < text.length) result.push(text.slice(start));
  return result;
}

/** @param count  the most to replace; negative for all. */
export function replaced(text: string, from: string, to: string, count: number, budget: Budget): string {
  if (from === '') {
    const all = characters(text);
    const times = count < 0 ? all.length + 1 : Math.min(count, all.length + 1);
    budget.text(text.length + times * to.length);
    return all.map((one, place) => place < times ? to + one : one).join('') + (times > all.length ? to : '');
  }
  const parts = splitText(text, from, count, false);
  budget.text(text.length + (parts.length - 1) * to.length);
  return parts.join(to);
}

const DIGRAPHS: Readonly<Record<string, string>> = { ǆ: 'ǅ', Ǆ: 'ǅ', ǉ: 'ǈ', Ǉ: 'ǈ', ǌ: 'ǋ', Ǌ: 'ǋ', ǳ: 'ǲ', Ǳ: 'ǲ' };

/** A character at the beginning of a word. */
function titleCase(character: string): string {
  const upper = character.toUpperCase();
  if (upper.length > character.length && /[\u1f80-\u1fff]/.test(character)) return refuse(`the title case of ${character}`);
  return DIGRAPHS[character] ?? upper.slice(0, character.length) + upper.slice(character.length).toLowerCase();
}

/** Python's str.capitalize. */
export function capitalized(text: string): string {
  const [first = '', ...rest] = characters(text);
  return titleCase(first) + rest.join('').toLowerCase();
}

/** Python's str.title: a letter after what is none becomes a capital, the others small. */
export function titled(text: string): string {
  let isInside = false;
  return characters(text).map((one) => {
    const isLetter = one.toLowerCase() !== one.toUpperCase() || /\p{Lt}/u.test(one);
    const result = !isLetter ? one : isInside ? one.toLowerCase() : titleCase(one);
    isInside = isLetter;
    return result;
  }).join('');
}

export function isCased(text: string, kind: 'lower' | 'upper'): boolean {
  const [wanted, other] = kind === 'lower' ? [/\p{Lowercase}/u, /[\p{Uppercase}\p{Lt}]/u] : [/\p{Uppercase}/u, /[\p{Lowercase}\p{Lt}]/u];
  return wanted.test(text) && !other.test(text);
}

export function find(text: string, what: string, isLast: boolean): number {
  const place = isLast ? text.lastIndexOf(what) : text.indexOf(what);
  return place < 0 ? place : lengthOf(text.slice(0, place));
}

export function padded(text: string, width: number, filler: string, side: 'left' | 'right'): string {
  const room = filler.repeat(Math.max(0, width - lengthOf(text)));
  return side === 'left' ? room + text : text + room;
}

/** As CPython: where the room is odd, the wider side depends on the width. */
export function centered(text: string, width: number, filler: string): string {
  const room = Math.max(0, width - lengthOf(text));
  const before = (room >> 1) + (room & width & 1);
  return filler.repeat(before) + text + filler.repeat(room - before);
}
