import { Problem } from '../contract/problem.ts';
import { LONGEST_ROW } from './limits.ts';

/** The lines of a text, without their line feeds. @throws Problem where one is longer than a row may be. */
export async function* linesOf(name: string, text: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  let number = 1;
  for await (const chunk of text) {
    const pieces = chunk.split('\n');
    pieces[0] = rest + pieces[0]!;
    rest = pieces.pop()!;
    yield* pieces;
    number += pieces.length;
    if (rest.length > LONGEST_ROW) {
      throw new Problem(`${name} line ${number} is longer than 64 MB.`, { hint: 'Write one row a line, and shorten or divide texts of that size.' });
    }
  }
  yield rest;
}
