import { readExpression } from './expression.ts';
import type { Field } from './field.ts';

/** A part of a text, from `start` to before `end`, that a pattern matches or that lies between two matches. */
export interface Segment { start: number; end: number; isMatch: boolean }

/** Cuts a text into segments that follow on each other and cover it. */
export type Pattern = (text: string) => Segment[];

/** Reads `{ "String": ... }` or `{ "Regex": ... }`; a regular expression is one of Oniguruma's. */
export function readPattern(field: Field): Pattern {
  const literal = field.at('String');
  return literal.value === undefined ? byExpression(readExpression(field.at('Regex'))) : byText(literal.text());
}

export function byText(text: string): Pattern {
  return byExpression(new RegExp(text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'), 'gu'));
}

/** Segments of an expression with the flag `g`. */
export function byExpression(expression: RegExp): Pattern {
  return (text) => {
    const segments: Segment[] = [];
    let last = 0;
    let lastMatch = -1;
    for (const { index, 0: { length } } of text.matchAll(expression)) {
      // Oniguruma's search takes no empty match at the end of the match before.
      if (length === 0 && index === lastMatch) continue;
      if (last < index) segments.push({ start: last, end: index, isMatch: false });
      last = lastMatch = index + length;
      segments.push({ start: index, end: last, isMatch: true });
    }
    if (last < text.length || text === '') segments.push({ start: last, end: text.length, isMatch: false });
    return segments;
  };
}

/** Each character of a class (an expression without the flag `g`) is a match of its own. */
export function byCharacter(expression: RegExp): Pattern {
  return byExpression(new RegExp(expression.source, `${expression.flags}g`));
}

export function inverted(pattern: Pattern): Pattern {
  return (text) => pattern(text).map(({ start, end, isMatch }) => ({ start, end, isMatch: !isMatch }));
}
