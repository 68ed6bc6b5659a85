import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TextPlan } from '../../src-main/decode/text-writer.ts';
import { layOut } from '../../src-main/distill/batch.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { importGguf } from '../../src-main/model/gguf/import-gguf.ts';
import { filesNamedLike } from '../../src-main/model/gguf/split.ts';
import { executorFor, openWeights, openWholeModel, readWeights, type Model } from '../../src-main/model/load-model.ts';
import { BLOCK_FORMATS } from '../../src-main/model/gguf/dequantize/types.ts';
import type { FileEncoding } from '../../src-main/nn/weights/encodings/encodings.ts';
import { hasChatTemplate } from '../../src-main/text/chat/chat-template.ts';
import { logitsAt } from '../support/logits.ts';
import { ARCHITECTURES, randomGguf } from './gguf-random.ts';
import { gguf, type Value } from './gguf-writer.ts';

const fixtures = fileURLToPath(new URL('../fixtures/model-gguf/', import.meta.url));
const executor = executorFor('cpu');
let folder: string;
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'retort-gguf-model-')); });
afterAll(() => rmSync(folder, { recursive: true }));

const PROMPT = Int32Array.of(5, 9, 12, 30, 2);

/** Logits of a text, and a few tokens written greedily. */
async function answersOf(frozen: FrozenModel): Promise<{ logits: Float32Array; written: Int32Array }> {
  const [batch] = layOut([{ index: 0, prompt: PROMPT, completion: Int32Array.of(7, 7, 40, 1), isOnPolicy: false }], 1, 'token', null);
  const logits = await logitsAt(frozen, batch!);
  const writer = await new TextPlan(executor, frozen.decoder, frozen.weights, { vocabulary: frozen.decoder.vocabSize, maxLength: 32, choice: 'greedy' }).open();
  const [completion] = await writer.write([{ id: 0, tokens: PROMPT }], { maxNewTokens: 6, eos: new Set(), sampling: { strategy: 'greedy' } });
  await Promise.all([writer.release(), frozen.release()]);
  return { logits, written: completion!.tokens };
}

const asItLies = async (model: Model): ReturnType<typeof answersOf> => {
  const { decoder, weights } = await openWeights(model, executor);
  return answersOf(new FrozenModel(executor, decoder, weights));
};
const inFloat32 = async (model: Model): ReturnType<typeof answersOf> => answersOf(new FrozenModel(executor, model.decoder, await readWeights(model)));

function expectClose(found: Awaited<ReturnType<typeof answersOf>>, wanted: Awaited<ReturnType<typeof answersOf>>): void {
  expect(found.logits.length).toBe(wanted.logits.length);
  expect(Math.max(...wanted.logits.map(Math.abs))).toBeGreaterThan(0.05);
  expect(Math.max(...found.logits.map((value, at) => Math.abs(value - wanted.logits[at]!)))).toBeLessThan(1e-4);
  expect(found.written).toEqual(wanted.written);
}

describe.each(ARCHITECTURES)('a GGUF file of %s as a model', (architecture) => {
  it('is the folder that it would be imported to', async () => {
    const path = join(fixtures, `${architecture}.gguf`);
    const to = join(folder, architecture);
    await importGguf(path, to, { precision: 'fp32' });
    const [file, imported] = [await openWholeModel(path), await openWholeModel(to)];
    expect(file.folder.config).toEqual(imported.folder.config);
    expect(file.tokenizer.identity).toBe(imported.tokenizer.identity);
    expect(file.tokenizer.eosIds).toEqual(imported.tokenizer.eosIds);
    expect(await hasChatTemplate(file.folder.companions)).toBe(await hasChatTemplate(to));
    expectClose(await asItLies(file), await inFloat32(imported));
  });

  it.each(Object.keys(BLOCK_FORMATS) as FileEncoding[])('computes with %s as with the numbers it stands for', async (encoding) => {
    const { metadata, tensors } = randomGguf(architecture, encoding, { tied: encoding !== 'Q6_K' });
    const path = join(folder, `${architecture}-${encoding}.gguf`);
    writeFileSync(path, gguf(metadata, tensors));
    const model = await openWholeModel(path);
    expectClose(await asItLies(model), await inFloat32(model));
  });
});

describe('a GGUF file in parts', () => {
  const { metadata, tensors } = randomGguf('llama', 'Q8_0');
  const place = (at: number, name = 'whole'): string => join(folder, `${name}-0000${at}-of-00002.gguf`);
  const write = (name: string, changes: [Record<string, Value>, Record<string, Value>] = [{}, {}]): void => {
    const names = Object.keys(tensors);
    [names.slice(0, 4), names.slice(4)].forEach((own, at) => {
      writeFileSync(place(at + 1, name), gguf({ ...(at === 0 ? metadata : {}), 'split.no': at, 'split.count': 2, 'split.tensors.count': names.length, ...changes[at] },
        Object.fromEntries(own.map((tensor) => [tensor, tensors[tensor]!]))));
    });
  };

  it('is the model that the parts make together, whichever is given', async () => {
    write('whole');
    writeFileSync(join(folder, 'one.gguf'), gguf(metadata, tensors));
    const one = await asItLies(await openWholeModel(join(folder, 'one.gguf')));
    for (const at of [1, 2]) {
      const model = await openWholeModel(place(at));
      expect([...model.folder.weightFiles].sort()).toEqual([place(1), place(2)]);
      expect(await asItLies(model)).toEqual(one);
      expect(filesNamedLike(place(at))).toEqual([place(1), place(2)]);
    }
  });

  it('is refused where a part is missing, or is not what its name says', async () => {
    write('torn');
    rmSync(place(2, 'torn'));
    await expect(openWholeModel(place(1, 'torn'))).rejects.toThrow(`${place(1, 'torn')} is one of 2 parts of a model, and beside it torn-00002-of-00002.gguf is missing.`);
    write('mixed', [{}, { 'split.no': 0 }]);
    await expect(openWholeModel(place(1, 'mixed'))).rejects.toThrow(`${place(2, 'mixed')} says of itself that it is part 1 of 2, and its name says part 2 of 2.`);
    write('short', [{ 'split.tensors.count': 99 }, {}]);
    await expect(openWholeModel(place(1, 'short'))).rejects.toThrow(/its 2 parts have 11 tensors instead of 99/);
  });
});

it('refuses a scale that is not finite before anything is computed', async () => {
  const { metadata, tensors } = randomGguf('llama', 'Q4_K');
  const bytes = Uint8Array.from(tensors['blk.0.ffn_up.weight']!.bytes!);
  bytes.set([0, 0x7c], 3 * 144 + 2);
  const path = join(folder, 'infinite.gguf');
  writeFileSync(path, gguf(metadata, { ...tensors, 'blk.0.ffn_up.weight': { ...tensors['blk.0.ffn_up.weight']!, bytes } }));
  await expect(openWeights(await openWholeModel(path), executor)).rejects.toThrow(
    `${path}: the weights are not finite: model.layers.0.mlp.up_proj.weight holds a scale that is not finite (element 768).`);
});
