import { randomUUID } from 'node:crypto';
import { ExactNumber } from '../contract/exact-number.ts';
import { ordered } from '../contract/key-order.ts';

/** Lists and objects inside each other; deeper ones would overflow the stack of what walks through them. */
const DEEPEST = 500;

/**
 * Whether a text may hold a number that JavaScript would print otherwise: it has a point, an exponent or 16 digits, or is -0;
 * or a key that it would put before others, because it is a whole number.
 */
const MAY_DIFFER = /[:,[\s]-?\d*(?:\d{16}|\d[.eE])|-0|"\d+"\s*:/;
const STRING_OR_NUMBER = /["\d-]/g;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

const WHOLE_KEY = /"\d+"(?=\s*:)/y;

/** Begins the strings that stand for numbers, and keys that are numbers, while a text is parsed; no file can know it. */
const MARK = randomUUID();

/** JSON nested too deeply. */
export class TooDeep extends Error {}

/**
 * As `JSON.parse`, but numbers that it would not print as they stand come as `ExactNumber`, and objects know the order of
 * their keys where it is another (`orderedEntries`). JavaScript's own parser does the work, a second time with such numbers
 * and keys as marked strings: of long texts that is far faster than a parser in JavaScript, and keeps their strings small.
 * @throws SyntaxError as JSON.parse does; TooDeep
 */
export function parseExactly(text: string): unknown {
  const plain: unknown = JSON.parse(text);
  if (text.length > 2 * DEEPEST) checkDepth(plain, DEEPEST);
  if (!MAY_DIFFER.test(text)) return plain;
  const marked = markNumbers(text);
  return marked === null ? plain : unmark(JSON.parse(marked));
}

/** A valid JSON text whose numbers that print otherwise are marked strings, and whose keys that are numbers are marked; null where there are none. */
function markNumbers(text: string): string | null {
  const pieces: string[] = [];
  let from = 0;
  STRING_OR_NUMBER.lastIndex = 0;
  for (let found = STRING_OR_NUMBER.exec(text); found !== null; found = STRING_OR_NUMBER.exec(text)) {
    const at = found.index;
    if (found[0] === '"') {
      STRING_OR_NUMBER.lastIndex = endOfString(text, at);
      WHOLE_KEY.lastIndex = at;
      if (WHOLE_KEY.test(text)) {
        pieces.push(text.slice(from, at + 1), MARK);
        from = at + 1;
      }
      continue;
    }
    NUMBER.lastIndex = at;
    const number = NUMBER.exec(text)![0];
    STRING_OR_NUMBER.lastIndex = at + number.length;
    if (String(Number(number)) === number) continue;
    pieces.push(text.slice(from, at), `"${MARK}${number}"`);
    from = at + number.length;
  }
  return from === 0 ? null : pieces.join('') + text.slice(from);
}

/** Behind the closing quotation mark of the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); ; quote = text.indexOf('"', quote + 1)) {
    let escapes = 0;
    while (text[quote - 1 - escapes] === '\\') escapes++;
    if (escapes % 2 === 0) return quote + 1;
  }
}

function unmark(value: unknown): unknown {
  if (typeof value === 'string') return value.startsWith(MARK) ? new ExactNumber(value.slice(MARK.length)) : value;
  if (typeof value !== 'object' || value === null) return value;
  const holder = value as Record<string, unknown>;
  let isMarked = false;
  for (const key of Object.keys(holder)) {
    const inner = holder[key];
    if (typeof inner === 'object' || typeof inner === 'string') holder[key] = unmark(inner);
    isMarked ||= key.startsWith(MARK);
  }
  return isMarked ? ordered(Object.entries(holder).map(([key, inner]) => [key.startsWith(MARK) ? key.slice(MARK.length) : key, inner])) : holder;
}

function checkDepth(value: unknown, left: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (left === 0) throw new TooDeep(`nested more than ${DEEPEST} levels deep`);
  for (const inner of Object.values(value)) checkDepth(inner, left - 1);
}
