import { expect, it } from 'vitest';
import { openWholeModel } from '../../src-main/model/load-model.ts';
import { resource } from '../../src-main/service/resources.ts';
import { encoderOf } from '../../src-main/service/examples/text-encoder.ts';
import { encodeText } from '../../src-main/text/encode.ts';
import { plainText } from '../../src-main/text/chat/marked-text.ts';

it('a pair begins with what the tokenizer puts before a text, also where its vocabulary lacks most letters', async () => {
  const model = await openWholeModel(resource('sample', 'student'));
  const { prompt, context, completion } = encodeText(plainText('3+4=', '3+4=7;'), encoderOf(model, false), { maxPromptTokens: 9, maxCompletionTokens: 9 });
  expect(model.tokenizer.encode('a', { special: false })).toEqual([]);
  expect([...prompt]).toEqual(model.tokenizer.encode('3+4=', { special: true }));
  expect(prompt[0]).toBe(model.tokenizer.bosId);
  expect(context).toEqual(prompt);
  expect([...completion]).toEqual([...model.tokenizer.encode('3+4=7;', { special: false }), model.tokenizer.eosIds[0]]);
});
