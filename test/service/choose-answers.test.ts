import { readFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeSchema } from '../../src-main/contract/recipe.ts';
import type { Commands } from '../../src-main/contract/worker.ts';
import type { Params, Result } from '../../src-main/contract/worker-host.ts';
import { readRows } from '../../src-main/data/read.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { encodeQuestions } from '../../src-main/service/evaluate/choose-answers.ts';
import { evaluateModel } from '../../src-main/service/evaluate/evaluate-model.ts';
import { encodeRows } from '../../src-main/service/examples/examples.ts';
import { judgeCompletions } from '../../src-main/service/evaluate/judge-completions.ts';
import { executorFor, openWholeModel, readWeights } from '../../src-main/model/load-model.ts';
import { t5Model } from '../support/t5-model.ts';

interface Scored { logprobs: number[][]; acc: number; acc_norm: number }
interface Reference { prompts: Record<string, Scored>; perplexity: number }

const fixtures = 'test/fixtures/choices';
const [QUESTIONS, LISTED] = [join(fixtures, 'questions.jsonl'), join(fixtures, 'listed.jsonl')];
let folder: string;
let reference: Record<string, Reference>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'retort-choices-'));
  reference = JSON.parse(await readFile(join(fixtures, 'reference.json'), 'utf8')) as Record<string, Reference>;
  await t5Model('t5', join(folder, 't5'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const evaluate = (model: string, changes: Partial<Params<Commands, 'evaluate'>>): Promise<Result<Commands, 'evaluate'>> => evaluateModel({
  model, device: 'cpu', data: QUESTIONS, prompt: '{{question}}\nAnswer:', reference: '{{answer}}', chat: false, metrics: ['multiple-choice'], examples: null,
  maxNewTokens: 8, decode: decodeSchema.parse({}), seed: 0, teacher: null, draftTokens: 4, choices: '{{choices}}', shots: null, calculator: false, ...changes,
}, new AbortController().signal, () => undefined);

const place = (name: string): string => (name === 't5' ? join(folder, 't5') : join('test/fixtures/model-folders', name));

describe.each(['llama', 'qwen2', 't5'])('%s', (name) => {
  it('finds choices as likely as Transformers does', async () => {
    const model = await openWholeModel(place(name));
    const frozen = new FrozenModel(executorFor('cpu'), model.decoder, await readWeights(model));
    for (const [prompt, { logprobs }] of Object.entries(reference[name]!.prompts)) {
      const isListed = prompt === 'listed';
      const path = isListed ? LISTED : QUESTIONS;
      const examples = await encodeRows(await readRows(path), path, {
        prompt: isListed ? '{{input}}' : prompt, completion: undefined, messages: undefined, chat: false, system: undefined,
        maxPromptTokens: Infinity, maxCompletionTokens: Infinity, needsCompletions: false,
      }, model);
      const questions = encodeQuestions(examples, path, { choices: isListed ? undefined : '{{choices}}', answer: isListed ? '{{target}}' : '{{answer}}', maxPromptTokens: Infinity }, model);
      const judged = await judgeCompletions(frozen, null, questions.flatMap(({ texts }) => texts));
      expect(judged.map(({ loss }) => -loss)).toEqual(logprobs.flat().map((logprob) => expect.closeTo(logprob, 3) as number));
    }
    await frozen.release();
  });

  it('has their accuracies and the perplexity', async () => {
    for (const [prompt, { acc, acc_norm: norm }] of Object.entries(reference[name]!.prompts)) {
      const { metrics } = await evaluate(place(name), prompt === 'listed' ? { data: LISTED, prompt: '{{input}}', reference: '{{target}}', choices: null } : { prompt });
      expect(metrics).toMatchObject({ 'choice-accuracy': { value: acc }, 'choice-accuracy-norm': { value: norm } });
    }
    const { metrics } = await evaluate(place(name), { data: LISTED, prompt: '{{input}}', reference: ' {{target}}', choices: null, metrics: ['perplexity'] });
    expect(metrics['perplexity']!.value).toBeCloseTo(reference[name]!.perplexity, 1);
  });
});

it('says what is wrong with a question', async () => {
  const model = place('llama');
  await expect(evaluate(model, { reference: '{{question}}' })).rejects.toThrow(/questions.jsonl row 1: the answer "What is 12 \+ 30\?" is none of its choices/);
  await expect(evaluate(model, { choices: null })).rejects.toThrow('there are no choices');
  await expect(evaluate(model, { choices: '{{options}}' })).rejects.toThrow('options');
  await expect(evaluate(model, { reference: null })).rejects.toThrow('needs references');
  const long = join(folder, 'long.jsonl');
  await writeFile(long, `${JSON.stringify({ question: 'x', choices: ['a', 'b '.repeat(200)], answer: 0 })}\n`);
  await expect(evaluate(model, { data: long })).rejects.toThrow('context');
});
