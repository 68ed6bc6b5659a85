import { expect, test } from 'vitest';
import { refuseHalves } from '../../src-main/text/half-characters.ts';

test.each(['', 'plain', '\u{1f600}', 'a\u{1f468}\u200d\u{1f469}b', '\ufffd', '\ue000'])('%j is whole', (text) => {
  expect(() => { refuseHalves(text, 'x.jsonl row 1'); }).not.toThrow();
});

test.each([['What is \ud83d', 'What is ', 'd83d'], ['\ude00 it is', '', 'de00'], ['\u{1f600}\ud83d\u{1f600}', '\u{1f600}', 'd83d'], ['\ude00\ud83d', '', 'de00']])('%j is refused', (text, before, half) => {
  expect(() => { refuseHalves(text, 'x.jsonl row 1'); }).toThrow(`x.jsonl row 1 holds half of a character, \\u${half}, behind ${JSON.stringify(before)}: no tokenizer can read it.`);
});
