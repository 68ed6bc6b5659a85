/**
 * What a frozen model costs as it is kept: opening, passes, writing and memory.
 *
 *     npx tsx test/bench/formats.ts MODEL [PRECISION] [BATCH] [LENGTH] [TIMES] [PRODUCTS]
 *
 * MODEL is a folder or a GGUF file; `peers/random_model.py` makes them in published shapes. Prints one line of JSON.
 */
import { readFileSync } from 'node:fs';
import { TextPlan } from '../../src-main/decode/text-writer.ts';
import { layOut, type TrainingExample } from '../../src-main/distill/batch.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { Judge } from '../../src-main/distill/judge.ts';
import { PRODUCTS } from '../../src-main/contract/products.ts';
import { FROZEN_PRECISIONS } from '../../src-main/contract/recipe.ts';
import { executorFor, openWeights, openWholeModel } from '../../src-main/model/load-model.ts';

const [path, precision = 'fp32', batchSize = '4', length = '128', times = '3', asked = 'exact'] = process.argv.slice(2);
const kind = FROZEN_PRECISIONS.find((name) => name === precision);
const products = PRODUCTS.find((name) => name === asked);
if (path === undefined || kind === undefined || products === undefined) throw new Error('formats.ts MODEL [PRECISION] [BATCH] [LENGTH] [TIMES] [PRODUCTS]');

/** MiB of this process that are its own, that lie in files, and the most of both at once. */
function memory(): { own: number; file: number; peak: number } {
  const text = readFileSync('/proc/self/status', 'utf8');
  const of = (name: string): number => Math.round(Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(text)![1]) / 1024);
  return { own: of('RssAnon'), file: of('RssFile'), peak: of('VmHWM') };
}

/** Seconds of computing: with RETORT_THREADS=1 they do not depend on what else the machine does. */
async function timed<T>(work: () => Promise<T>): Promise<[seconds: number, T]> {
  const started = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(started);
  return [Math.round((user + system) / 1000) / 1000, result];
}

async function median(times: number, work: () => Promise<unknown>): Promise<number> {
  const all: number[] = [];
  for (let at = 0; at < times; at++) all.push((await timed(work))[0]);
  return all.sort((a, b) => a - b)[Math.floor(times / 2)]!;
}

const executor = executorFor('cpu');
const [openSeconds, model] = await timed(() => openWholeModel(path));
const [weightSeconds, { decoder, weights }] = await timed(() => openWeights(model, executor, { precision: kind, products }));
const opened = memory();
const frozen = new FrozenModel(executor, decoder, weights);
const rows = Number(batchSize);
const half = Number(length) / 2;
const texts = Array.from({ length: rows }, (_, index): TrainingExample => {
  const ids = Int32Array.from({ length: half }, (__, at) => (index * 31 + at * 7) % 90 + 1);
  return { index, prompt: ids, completion: ids, isOnPolicy: false };
});
const [batch] = layOut(texts, rows, 'token', null);
const vocabulary = Math.min(decoder.vocabSize, model.tokenizer.vocabularySize);
const judge = new Judge(executor, frozen, null, {
  divergence: 'cross_entropy', beta: 0, normalizeBeta: false, lossTemperature: 1, sharedVocabulary: vocabulary, chunk: Math.max(32, Math.floor(2 ** 22 / vocabulary)),
});
await judge.judge(batch!);
const hiddenSeconds = await median(Number(times), () => frozen.hidden(batch!));
const judgeSeconds = await median(Number(times), () => judge.judge(batch!));
const passed = memory();
await judge.release();
await frozen.release();

const writer = await new TextPlan(executor, decoder, weights, { vocabulary, maxLength: Number(length), choice: 'greedy' }).open();
const write = (tokens: number): Promise<unknown> => writer.write(texts.map(({ index, prompt }) => ({ id: index, tokens: prompt })), { maxNewTokens: tokens, eos: new Set(), sampling: { strategy: 'greedy' } });
await write(1);
const one = await median(Math.min(2, Number(times)), () => write(1));
const nine = await median(Math.min(2, Number(times)), () => write(9));
console.log(JSON.stringify({
  model: path, precision: kind, products, rows: rows * Number(length), openSeconds, weightSeconds, hiddenSeconds, judgeSeconds, tokenSeconds: Math.round(1000 * (nine - one) / 8) / 1000,
  opened, passed, written: memory(),
}));
