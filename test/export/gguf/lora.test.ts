import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fillNormal } from '../../../src-main/contract/random.ts';
import { findLlama } from '../../../src-main/export/llama/find-llama.ts';
import { OpenedLlama } from '../../../src-main/export/llama/opened-llama.ts';
import { writeAdapter } from '../../../src-main/model/adapter/write-adapter.ts';
import { openModel } from '../../../src-main/model/folder.ts';
import { GgufFile } from '../../../src-main/model/gguf/gguf-file.ts';
import { openWholeModel, readWeights } from '../../../src-main/model/load-model.ts';
import { chooseAdapters } from '../../../src-main/nn/adapters/choose.ts';
import { adapterParameters } from '../../../src-main/nn/weights/adapted.ts';
import { TrainedModel } from '../../../src-main/service/export/trained.ts';
import { resource } from '../../../src-main/service/resources.ts';
import { fixture, temporaryFolder } from '../../model/model-fixtures.ts';
import { exported } from '../../support/exported.ts';
import { python, requires } from '../../support/requires.ts';
import { metadataOf } from './published.ts';
import { written } from './written.ts';

const temporary = temporaryFolder();
const SAMPLE = resource('sample', 'student');
const { signal } = new AbortController();

/** An adapter on every linear layer of a model, far from zero. */
async function adapterOf(model: string, to: string): Promise<void> {
  const base = await openModel(model);
  const adapters = chooseAdapters(base.config, { rank: 4, alpha: 6, targets: 'all-linear', dropout: 0 });
  const weights = new Map(adapterParameters(adapters).map(({ name, shape }, example) => {
    const data = new Float32Array(shape.reduce((size, dim) => size * dim, 1));
    fillNormal(data, 4, { purpose: 'init', example }, 0.15);
    return [name, data];
  }));
  await writeAdapter(to, { base, adapters, dropout: 0, from: null, weights: (name) => weights.get(name)! });
}

async function exportedLora(model: string, name: string): Promise<string> {
  await adapterOf(model, temporary.path(`${name}-trained`));
  await exported(temporary.path(`${name}-trained`), temporary.path(name), [], { parts: [{ format: 'adapter' }] });
  return join(temporary.path(name), `${name}-lora.gguf`);
}

describe('an adapter for llama.cpp', () => {
  it('has A and B of every matrix and says what it is', async () => {
    const path = await exportedLora(SAMPLE, 'sample');
    const [metadata, file] = [await metadataOf(path), await GgufFile.open(path)];
    expect(Object.fromEntries(metadata)).toMatchObject({ 'general.type': 'adapter', 'adapter.type': 'lora', 'adapter.lora.alpha': 6, 'general.architecture': 'llama' });
    const { config } = await openModel(SAMPLE);
    expect(file.tensorNames).toHaveLength(2 * 7 * (config as { layers: number }).layers);
    expect(file.shape('blk.0.attn_q.weight.lora_a')).toEqual([4, (config as { hiddenSize: number }).hiddenSize]);
  });
});

requires('converter')('beside llama.cpp\'s convert_lora_to_gguf', () => {
  // GPT-2's are turned round there, which llama.cpp then does not load.
  it.each([['sample', SAMPLE], ['qwen2', fixture('qwen2')]])('has its tensors, to the bit: %s', async (name, base) => {
    const ours = await GgufFile.open(await exportedLora(base, `beside-${name}`));
    const path = temporary.path(`${name}-theirs.gguf`);
    execFileSync(python()!, [join(process.env['LLAMA_CPP']!, 'convert_lora_to_gguf.py'), '--base', resolve(base), '--outtype', 'f32', '--outfile', path, temporary.path(`beside-${name}`)], { stdio: ['ignore', 'ignore', 'pipe'] });
    const theirs = await GgufFile.open(path);
    expect([...ours.tensorNames].sort()).toEqual([...theirs.tensorNames].sort());
    for (const tensor of theirs.tensorNames) expect([tensor, ours.shape(tensor), await ours.read(tensor)]).toEqual([tensor, theirs.shape(tensor), await theirs.read(tensor)]);
    expect((await metadataOf(path)).get('adapter.lora.alpha')).toBe(6);
  });
});

requires('llama')('in llama.cpp, beside its base model', () => {
  it.each([['sample', SAMPLE], ['gpt2', fixture('gpt2')]])('writes what the trained student writes: %s', async (name, source) => {
    const lora = await exportedLora(source, `opened-${name}`);
    const base = temporary.path(`${name}-base.gguf`);
    await written(source, base, 'f32');
    const model = await openWholeModel(temporary.path(`opened-${name}-trained`));
    const trained = new TrainedModel(model, await readWeights(model));
    const prompts = ['2+3=', '17*4=', 'Ann has 3 apples', '9-4='].map((text, id) => ({ id, tokens: Int32Array.from(model.tokenizer.encode(text, { special: true })) }));
    const greedy = await trained.write(prompts, 12, { strategy: 'greedy' }, signal);
    const found = (await findLlama(process.env['RETORT_PEERS'] ?? null))!;
    const [plain, opened] = [await OpenedLlama.open(found, base, 96), await OpenedLlama.open(found, base, 96, lora)];
    try {
      const stops = new Set(model.tokenizer.eosIds);
      const write = async (llama: OpenedLlama): Promise<number[][]> => {
        const texts: number[][] = [];
        for (const [at, { tokens }] of prompts.entries()) texts.push((await llama.write(tokens, greedy[at]!.tokens.length, stops, signal)).tokens);
        return texts;
      };
      const wanted = greedy.map(({ tokens }) => [...tokens]);
      expect(await write(opened)).toEqual(wanted);
      expect(await write(plain)).not.toEqual(wanted);
    } finally {
      await opened.release();
      await plain.release();
      await trained.release();
    }
  });
});
