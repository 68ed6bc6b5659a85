import { within } from '../../../bounds/within.ts';
import { Problem } from '../../../contract/problem.ts';
import { readExpression } from './expression.ts';
import type { Field } from './field.ts';

/** A part of a text, from `start` to before `end`, that a pattern matches or that lies between two matches. */
export interface Segment { start: number; end: number; isMatch: boolean }

/** Cuts a text into segments that follow on each other and cover it. */
export type Pattern = (text: string) => Segment[];

/** Reads `{ "String": ... }` or `{ "Regex": ... }`; a regular expression is one of Oniguruma's. */
export function readPattern(field: Field): Pattern {
  const literal = field.at('String');
  if (literal.value !== undefined) return byText(literal.text());
  const regex = field.at('Regex');
  const pattern = byExpression(readExpression(regex));
  const watched = bounded(pattern, regex.text());
  return isPlain(regex.text()) ? (text) => (text.length > SHORT ? watched : pattern)(text) : watched;
}

/** Seconds that a pattern may take for one text. */
const LIMIT = 5;

/** Characters of a text in which a plain pattern cannot lose itself: three repetitions take their number to the fourth power at worst. */
const SHORT = 400;

/** Whether a pattern repeats no group and little besides: on short texts it then needs no watch, which has its price. */
function isPlain(source: string): boolean {
  return !/\)(?:[*+]|\{\d+,)/.test(source) && source.split('|').every((part) => (part.match(/[*+]|\{\d+,\}/g)?.length ?? 0) <= 3);
}

function bounded(pattern: Pattern, source: string): Pattern {
  return (text) => within(LIMIT, () => pattern(text), () => new Problem(
    `The tokenizer's pattern ${JSON.stringify(source)} took longer than ${LIMIT} seconds on the text ${JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text)}.`,
    { hint: 'The pattern stands in tokenizer.json; take the file from the model that it belongs to.' }));
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
