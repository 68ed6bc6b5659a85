import { describe, expect, it } from 'vitest';
import { exercise } from '../../resources/sample/task.ts';
import { integer } from '../../src-main/contract/random.ts';
import type { ForkKind } from '../../src-main/contract/fork.ts';
import { TextPlan } from '../../src-main/decode/text-writer.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { Judge } from '../../src-main/distill/judge.ts';
import { findForks, tokenRoles } from '../../src-main/inspect/forks.ts';
import { reportTokens, TOP } from '../../src-main/inspect/token-report.ts';
import { executorFor, openWholeModel, readWeights } from '../../src-main/model/load-model.ts';
import { resource } from '../../src-main/service/resources.ts';

const COUNT = 60;
const teacher = await openWholeModel(resource('sample', 'teacher'));
const student = await openWholeModel(resource('sample', 'student'));
const { tokenizer } = teacher;
const EOS = tokenizer.eosIds[0]!;
const executor = executorFor('cpu');
const frozen = new FrozenModel(executor, teacher.decoder, await readWeights(teacher));
const judge = new Judge(executor, new FrozenModel(executor, student.decoder, await readWeights(student)), frozen, {
  divergence: 'forward_kl', beta: 0.5, normalizeBeta: false, lossTemperature: 1, sharedVocabulary: tokenizer.vocabularySize, chunk: 128, top: TOP,
});

interface Text { question: string; completion: number[] }
/** A text with an error at a known place; null where this exercise has no room for it. */
type Plant = (question: string, solution: string, index: number) => { text: string; ends: boolean; position: number } | null;

const encode = (text: string): number[] => [...tokenizer.encode(text, { special: false })];
const judged = (texts: readonly Text[]) => reportTokens(judge, texts.map(({ question, completion }, index) => ({
  prompt: question, completion: '', example: { index, prompt: Int32Array.from(tokenizer.encode(question, { special: true })), completion: Int32Array.from(completion), isOnPolicy: true },
})), (id) => tokenizer.tokenText(id));

async function teacherWrites(prompts: readonly number[][], sampling: 'greedy' | 'sample'): Promise<number[][]> {
  const writer = await new TextPlan(executor, teacher.decoder, frozen.weights, { vocabulary: tokenizer.vocabularySize, maxLength: 90, choice: sampling }).open();
  const written = await writer.write(prompts.map((tokens, id) => ({ id, tokens: Int32Array.from(tokens) })), {
    maxNewTokens: 50, eos: new Set([EOS]),
    sampling: sampling === 'greedy' ? { strategy: 'greedy' } : { strategy: 'sample', temperature: 1, uniform: (example, index) => integer(9, { purpose: 'evaluation', example, index }, 2 ** 24) / 2 ** 24 },
  });
  await writer.release();
  return written.map(({ tokens }) => [...tokens]);
}

/** Sums without carrying: the first addition with a carry loses its ten, and all that follows goes on from there. */
const dropsCarries: Plant = (question) => {
  let [total, text, position] = [Number(/^\d+/.exec(question)![0]), '', -1];
  for (const [, sign, digits] of question.matchAll(/([+-])(\d+)/g)) {
    const number = Number(digits);
    const right = sign === '+' ? total + number : total - number;
    const isPlanted = position < 0 && sign === '+' && (total % 10) + number >= 10 && right < 100 && right - 10 >= 10;
    const next = isPlanted ? right - 10 : right;
    if (next < 0 || next > 99) return null;
    text += `${total}${sign}${number}=`;
    if (isPlanted) position = text.length;
    text += `${next};`;
    total = next;
  }
  return position < 0 ? null : { text: `${text}#${total}`, ends: true, position };
};

/** Goes on after the answer as if the exercise did. */
const neverEnds: Plant = (_, solution) => ({ text: `${solution};${solution.slice(0, 16)}`, ends: false, position: solution.length });

/** Writes one step again, twice. */
const repeatsItself: Plant = (_, solution, index) => {
  const steps = solution.split(';');
  const at = 1 + (index % 3);
  const before = `${steps.slice(0, at).join(';')};`;
  const text = `${before}${steps[at - 1]};${steps[at - 1]};${steps.slice(at).join(';')}`;
  // The step that should have come may begin with the same digit.
  return { text, ends: true, position: [...text].findIndex((letter, place) => letter !== solution[place]) };
};

/**
 * Counted so: a text is found right where its first fork has the position and the kind of what was planted. Each
 * character is a token, so that positions are places in the text.
 */
async function shareFound(plant: Plant, kind: ForkKind): Promise<number> {
  const texts: (Text & { position: number })[] = [];
  for (let index = 0; texts.length < COUNT; index++) {
    const { question, solution } = exercise(77, index);
    const planted = plant(question, solution, index);
    if (planted) texts.push({ question, completion: [...encode(planted.text), ...(planted.ends ? [EOS] : [])], position: planted.position });
  }
  const reports = await judged(texts);
  const right = reports.filter(({ tokens }, at) => {
    const [first] = findForks(tokens, { eos: new Set([EOS]), continuation: () => null });
    return first?.position === texts[at]!.position && first.kind === kind;
  });
  return right.length / COUNT;
}

describe('the fork finder, on errors planted in known places, names position and kind in nine of ten', () => {
  it('dropped carries', async () => expect(await shareFound(dropsCarries, 'number')).toBeGreaterThanOrEqual(0.9));
  it('no end', async () => expect(await shareFound(neverEnds, 'missing-end')).toBeGreaterThanOrEqual(0.9));
  it('repeated steps', async () => expect(await shareFound(repeatsItself, 'repetition')).toBeGreaterThanOrEqual(0.9));
});

it('finds next to none on the teacher\'s own text, sampled', async () => {
  const questions = Array.from({ length: COUNT }, (_, index) => exercise(78, index).question);
  const completions = await teacherWrites(questions.map((question) => [...tokenizer.encode(question, { special: true })]), 'sample');
  const reports = await judged(questions.map((question, at) => ({ question, completion: completions[at]! })));
  const tokens = reports.flatMap((report) => report.tokens);
  const forks = reports.flatMap((report) => tokenRoles(report.tokens)).filter((role) => role === 'fork');
  expect(forks.length / tokens.length).toBeLessThan(0.002);
});

it('tells a dropped step from a wrong number by what the teacher would have written', async () => {
  const eos = new Set([EOS]);
  const texts = Array.from({ length: COUNT }, (_, index): Text => {
    const { question, solution } = exercise(79, index);
    const steps = solution.split(';');
    // The second step is left out; the text goes on with the third.
    return { question, completion: [...encode(`${steps[0]};${steps.slice(2).join(';')}`), EOS] };
  });
  const reports = await judged(texts);
  const places = reports.map(({ tokens }) => findForks(tokens, { eos, continuation: () => null })[0]!.position);
  const continuations = await teacherWrites(texts.map(({ question, completion }, at) => (
    [...tokenizer.encode(question, { special: true }), ...completion.slice(0, places[at])])), 'greedy');
  const kinds = reports.map(({ tokens }, at) => findForks(tokens, { eos, continuation: (position) => (position === places[at] ? continuations[at]! : null) })[0]!.kind);
  expect(kinds.filter((kind) => kind === 'dropped').length / COUNT).toBeGreaterThanOrEqual(0.9);
});
