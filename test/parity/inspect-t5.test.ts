import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { layOut, positionWeight, type Reduction, type TrainingExample } from '../../src-main/distill/batch.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { Judge } from '../../src-main/distill/judge.ts';
import { reportTokens, TOP } from '../../src-main/inspect/token-report.ts';
import { buildDecoder } from '../../src-main/nn/build.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { logitsAt } from '../support/logits.ts';
import { loadFixture } from '../support/model-fixture.ts';
import { tensorsOf } from '../support/tensors.ts';
import { tinyStudent } from '../support/tiny-student.ts';

const FIXTURES = 'test/fixtures/engine/t5';
const executor = ortExecutor('cpu', 1);
const METHOD = { divergence: 'jsd', beta: 0.3, normalizeBeta: false, lossTemperature: 1 } as const;

/** A fixture's model, its texts, and the logits that Transformers has at each token of them, as log-probabilities. */
async function load(name: string) {
  const { config, weights } = await loadFixture(join(FIXTURES, name));
  const { prompts, completions } = JSON.parse(readFileSync(join(FIXTURES, name, 'reference.json'), 'utf8')) as { prompts: number[][]; completions: number[][] };
  const logits = (await tensorsOf(join(FIXTURES, name, 'reference.safetensors')))('logits');
  const decoder = buildDecoder(config);
  const longest = logits.length / completions.length / decoder.vocabSize;
  const logprobs = (text: number, at: number): number[] =>
    logSoftmax(Array.from(logits.subarray((text * longest + at) * decoder.vocabSize, (text * longest + at + 1) * decoder.vocabSize)));
  const examples = prompts.map((prompt, index) => ({ index, prompt: Int32Array.from(prompt), completion: Int32Array.from(completions[index]!), isOnPolicy: true }));
  return { config, weights, decoder, examples, logprobs, model: new FrozenModel(executor, decoder, weights) };
}

function logSoftmax(row: readonly number[]): number[] {
  const most = Math.max(...row);
  const norm = most + Math.log(row.reduce((sum, logit) => sum + Math.exp(logit - most), 0));
  return row.map((logit) => logit - norm);
}

/** A model's log-probabilities at every learned token of texts, in double precision from its logits, which `t5.test.ts` holds to Transformers'. */
async function logprobsOn(examples: readonly TrainingExample[], { model, decoder }: Awaited<ReturnType<typeof load>>): Promise<number[][][]> {
  const { vocabSize } = decoder;
  const found: number[][][] = examples.map(() => []);
  for (const batch of layOut(examples, 3, 'token', decoder.encoder)) {
    const logits = await logitsAt(model, batch);
    for (const { example, start, end } of batch.spans) {
      for (let at = start; at < end; at++) found[example]!.push(logSoftmax([...logits.subarray(at * vocabSize, (at + 1) * vocabSize)]));
    }
  }
  return found;
}

/** b KL(P || M) + (1 - b) KL(Q || M), M = b P + (1 - b) Q, in double precision. */
function jsd(teacher: readonly number[], student: readonly number[], beta: number): number {
  return teacher.reduce((sum, logP, id) => {
    const [p, q] = [Math.exp(logP), Math.exp(student[id]!)];
    const logM = Math.log(beta * p + (1 - beta) * q);
    return sum + beta * p * (logP - logM) + (1 - beta) * q * (student[id]! - logM);
  }, 0);
}

it('says of every token of an encoder-decoder what Transformers\' logits say, within 1e-5', async () => {
  const [student, teacher] = [await load('t5'), await load('t5-wide-heads')];
  const teachers = await logprobsOn(student.examples, teacher);
  const judge = new Judge(executor, student.model, teacher.model, { ...METHOD, sharedVocabulary: student.decoder.vocabSize, chunk: 7, top: TOP });
  const reports = await reportTokens(judge, student.examples.map((example) => ({ prompt: '', completion: '', example })), String);
  let compared = 0;
  reports.forEach(({ tokens }, text) => tokens.forEach((token, at) => {
    const [q, p] = [student.logprobs(text, at), teachers[text]![at]!];
    expect(Math.abs(token.divergence - jsd(p, q, METHOD.beta))).toBeLessThan(1e-5);
    expect(Math.abs(token.studentLogprob - q[token.id]!)).toBeLessThan(1e-5 * Math.max(1, -q[token.id]!));
    expect(Math.abs(token.teacherLogprob - p[token.id]!)).toBeLessThan(1e-5 * Math.max(1, -p[token.id]!));
    compared++;
  }));
  expect(compared).toBe(student.examples.reduce((sum, { completion }) => sum + completion.length, 0));
  await judge.release();
});

it.each<Reduction>(['sequence', 'token'])('sums over the tokens to the training objective: reduction %s', async (reduction) => {
  const [student, teacher] = [await load('t5'), await load('t5-wide-heads')];
  const settings = { sharedVocabulary: student.decoder.vocabSize, chunk: 7 };
  const judge = new Judge(executor, student.model, teacher.model, { ...METHOD, ...settings, top: TOP });
  const reports = await reportTokens(judge, student.examples.map((example) => ({ prompt: '', completion: '', example })), String);
  const weight = positionWeight(student.examples.map(({ completion }) => completion.length), reduction);
  const summed = reports.reduce((sum, { tokens }) => sum + tokens.reduce((text, { divergence }) => text + divergence, 0) * weight(tokens.length), 0);

  const learner = tinyStudent(executor, student.config, student.weights, { method: METHOD, ...settings });
  let loss = 0;
  for (const batch of layOut(student.examples, 2, reduction, student.decoder.encoder)) {
    loss += (await learner.student.learn(batch, { hidden: await teacher.model.hidden(batch), head: teacher.model })).loss;
  }
  expect(loss).toBeGreaterThan(0.001);
  expect(Math.abs(loss - summed)).toBeLessThan(1e-5 * Math.max(1, loss));
  await Promise.all([judge.release(), learner.student.release()]);
});
