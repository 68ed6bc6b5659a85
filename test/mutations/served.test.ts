import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Problem } from '../../src-main/contract/problem.ts';
import { packRow } from '../../src-main/distill/likeliest-row.ts';
import { PassingFault } from '../../src-main/hub/passing-fault.ts';
import { chatAnswer } from '../../src-main/remote/chat.ts';
import { chooseModel, listModels } from '../../src-main/remote/list-models.ts';
import { compareTokens } from '../../src-main/remote/same-tokens.ts';
import type { Server } from '../../src-main/remote/server.ts';
import { sglangServer } from '../../src-main/remote/sglang.ts';
import type { TokenAnswer, WrittenTokens } from '../../src-main/remote/token-answers.ts';
import { vllmServer } from '../../src-main/remote/vllm.ts';
import { parseRecipe } from '../../src-main/service/recipe/recipe-file.ts';
import { COUNT, isToldInWords, SEED } from './holds.ts';
import { mutations } from './mutate.ts';

/** What a server says, whatever it is asked. */
let answer = '';
const http = createServer((_, response) => { response.setHeader('content-type', 'application/json').end(Buffer.from(answer, 'latin1')); });
let server: Server;
beforeAll(async () => {
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  server = { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, protocol: 'vllm', topLogprobs: 2, allowRemote: false, timeoutSeconds: 20, parallel: 1, key: null };
});
afterAll(() => { http.close(); });

/** Whatever the server answers is what was asked for, or a fault in words. */
async function holds(whole: unknown, ask: () => Promise<unknown>): Promise<void> {
  const json = JSON.stringify(whole);
  answer = json;
  await ask();
  for (answer of mutations(json, COUNT, SEED)) {
    const error: unknown = await ask().then(() => null, (fault: unknown) => fault);
    if (error !== null) expect(error, answer).toSatisfy((one) => (one instanceof Problem || (one instanceof PassingFault && one.problem instanceof Problem)));
  }
}

/** What is learned of an answer is a distribution. */
function learn(answers: readonly TokenAnswer[][]): void {
  for (const { likeliest, written } of answers.flat()) {
    const row = new Float32Array(7);
    packRow(row, likeliest, written, 50);
    expect([...row].every(Number.isFinite), JSON.stringify([likeliest, written])).toBe(true);
    expect(row.subarray(3).every((logprob) => logprob <= 0.02), JSON.stringify([likeliest, written, [...row]])).toBe(true);
  }
}

const areTokens = (texts: readonly WrittenTokens[]): void => { for (const { tokens } of texts) expect(tokens.every((id) => Number.isSafeInteger(id) && id >= 0)).toBe(true); };

describe('a damaged answer of', () => {
  const ids = [3, 7, 12];
  const settings = { maxTokens: 4, temperature: 1, seed: 1, eos: [1] };

  it('vLLM', async () => {
    const place = (own: number): object => ({ [own]: { logprob: -1e300, rank: 3, decoded_token: 'a' }, 9: { logprob: -0.5, rank: 1, decoded_token: 'b' }, 11: { logprob: -1, rank: 2 } });
    await holds({ choices: [{ index: 0, text: '', finish_reason: 'length', prompt_logprobs: [null, place(7), place(12)] }] }, async () => learn(await vllmServer(server, 'm').judge([{ ids, from: 1 }])));
    await holds({ choices: [{ index: 0, text: 'x', finish_reason: 'stop', token_ids: [4, 5, 1], logprobs: { tokens: ['token_id:4', 'token_id:5'] } }] },
      async () => areTokens(await vllmServer(server, 'm').write([ids], settings)));
  });

  it('SGLang', async () => {
    await holds([{ text: '', meta_info: {
      input_token_logprobs: [[null, 3, null], [-0.5, 7, null], [-0.25, 12, null]], input_top_logprobs: [null, [[-0.5, 7, null], [-1.5, 9, null]], [[-0.25, 12, null], [-3, 2, null]]],
    } }], async () => learn(await sglangServer(server).judge([{ ids, from: 1 }])));
    await holds([{ text: 'x', output_ids: [4, 5, 1], meta_info: { output_token_logprobs: [[-0.5, 4, null]], finish_reason: { type: 'stop' } } }],
      async () => areTokens(await sglangServer(server).write([ids], settings)));
  });

  it('a chat, a list of models, a tokenizer', async () => {
    await holds({ choices: [{ index: 0, message: { role: 'assistant', content: 'yes' }, finish_reason: 'stop' }] }, () => chatAnswer(server, 'm', [{ role: 'user', content: 'a' }], settings));
    await holds({ object: 'list', data: [{ id: 'm', object: 'model', max_model_len: 128 }, { id: 'n:latest', object: 'model' }] }, async () => chooseModel({ ...server, model: 'm' }, await listModels(server)));
    await holds({ count: 3, tokens: [3, 7, 12] }, () => compareTokens(server, 'm', ['abc'], () => ids));
  });
});

it('a damaged recipe of a teacher behind a server is read or refused in a sentence', async () => {
  const whole = JSON.stringify({
    name: 'a', teacher: { server: { url: 'http://127.0.0.1:8000', protocol: 'sglang', model: 'm', topLogprobs: 20, timeoutSeconds: 1.5, parallel: 4, allowRemote: false } },
    student: { model: 'student', precision: 'int8', adapter: { rank: 8, alpha: 16, targets: ['q_proj'], dropout: 0.1 } },
    data: { train: 'train.jsonl', messages: 'messages', tools: 'tools', template: { enable_thinking: false }, learn: 'all' },
    method: { preset: 'gkd', lambda: 0.5 }, train: { steps: 5, moments: 'bf16' },
  });
  parseRecipe(JSON.parse(whole), 'recipe.json');
  for (const text of mutations(whole, 10 * COUNT, SEED)) {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      continue;
    }
    await isToldInWords(async () => parseRecipe(json, 'recipe.json'), text);
  }
});
