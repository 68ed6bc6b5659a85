import { Problem } from '../contract/problem.ts';

/** Half of a surrogate pair without the other half: no character, which JSON can write all the same. */
const HALF = /\p{Surrogate}/u;

/**
 * A text that no tokenizer can read: UTF-8 has no bytes for half of a pair, and Python's tokenizers refuse it as well.
 * @param where  names the text in the message. @throws Problem
 */
export function refuseHalves(text: string, where: string): void {
  const half = HALF.exec(text);
  if (half === null) return;
  throw new Problem(`${where} holds half of a character, \\u${half[0].charCodeAt(0).toString(16)}, behind ${JSON.stringify(text.slice(Math.max(0, half.index - 20), half.index))}: no tokenizer can read it.`, {
    hint: 'The text was cut between the two halves, as of an emoji. Take the half out.',
  });
}
