import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeAdapter } from '../../src-main/model/adapter/write-adapter.ts';
import { openModel } from '../../src-main/model/folder.ts';
import { openWholeModel, readWeights } from '../../src-main/model/load-model.ts';
import { chooseAdapters } from '../../src-main/nn/adapters/choose.ts';
import { fillNormal } from '../../src-main/contract/random.ts';
import { adapterParameters } from '../../src-main/nn/weights/adapted.ts';
import { TrainedModel } from '../../src-main/service/export/trained.ts';
import { resource } from '../../src-main/service/resources.ts';
import { exported } from '../support/exported.ts';
import { python, requires } from '../support/requires.ts';

const BASE = resource('sample', 'student');
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'retort-adapter-'));
  const base = await openModel(BASE);
  const adapters = chooseAdapters(base.config, { rank: 4, alpha: 8, targets: 'all-linear', dropout: 0 });
  const weights = new Map(adapterParameters(adapters).map(({ name, shape }, example) => {
    const data = new Float32Array(shape.reduce((size, dim) => size * dim, 1));
    fillNormal(data, 3, { purpose: 'init', example }, 0.1);
    return [name, data];
  }));
  await writeAdapter(join(folder, 'trained'), { base, adapters, dropout: 0, from: null, weights: (name) => weights.get(name)! });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('exports the adapter as it was trained, and nothing of its base model', async () => {
  const report = await exported(join(folder, 'trained'), join(folder, 'alone'), [], { parts: [{ format: 'adapter' }] });
  expect((await readdir(join(folder, 'alone'))).sort()).toEqual(['README.md', 'adapter_config.json', 'adapter_model.safetensors', 'alone-lora.gguf', 'retort-base.json', 'retort-export.json', 'retort-reproduce.json']);
  const bytes = (place: string): Promise<Buffer> => readFile(join(folder, place, 'adapter_model.safetensors'));
  expect(await bytes('alone')).toEqual(await bytes('trained'));
  expect(report.others).toEqual([expect.objectContaining({ kind: 'adapter', parity: null }), expect.objectContaining({ kind: 'adapter gguf', name: 'alone-lora.gguf' })]);
});

it('lies beside other formats in a folder of its own', async () => {
  await exported(join(folder, 'trained'), join(folder, 'both'), [], { parts: [{ format: 'safetensors' }, { format: 'adapter' }] });
  expect((await readdir(join(folder, 'both', 'adapter'))).sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors', 'retort-base.json']);
  expect((await openModel(join(folder, 'both'))).config).toEqual((await openModel(BASE)).config);
});

it('refuses a whole model, in words', async () => {
  await expect(exported(BASE, join(folder, 'whole'), [], { parts: [{ format: 'adapter' }] })).rejects.toThrow(/is a whole model: there is no adapter in it to export\./);
  await expect(readdir(join(folder, 'whole'))).rejects.toThrow('ENOENT');
});

requires('peft')('in PEFT', () => {
  it('has the logits that it has here', async () => {
    // A base that Transformers finds under a name of its own, as it will be elsewhere.
    const base = join(folder, 'base');
    await cp(resolve(BASE), base, { recursive: true });
    const model = await openWholeModel(join(folder, 'trained'));
    const trained = new TrainedModel(model, await readWeights(model));
    const prompts = [[0, 5, 6, 7], [0, 9, 3, 12, 4, 8]];
    const found = spawnSync(python()!, ['test/export/peft_logits.py', base, join(folder, 'alone')], { input: JSON.stringify(prompts), encoding: 'utf8' });
    const theirs = JSON.parse(found.stdout) as number[][];
    for (const [at, ids] of prompts.entries()) {
      const own = await trained.logits({ prompt: Int32Array.from(ids), completion: Int32Array.of(1) });
      theirs[at]!.forEach((logit, id) => expect(Math.abs(own[id]! - logit)).toBeLessThan(1e-4));
    }
    await trained.release();
  });
});
