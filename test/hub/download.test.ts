import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { Problem } from '../../src-main/contract/problem.ts';
import { partOf } from '../../src-main/hub/fetch-file.ts';
import { openModel } from '../../src-main/model/folder.ts';
import type { Looked } from '../../src-main/service/hub/looked.ts';
import { HubFixture, ofLarge, problemOf } from './hub-fixture.ts';

const hub = new HubFixture();
const hasWeights = async (weights = hub.weights): Promise<boolean> => weights.equals(await readFile(join(hub.place, 'model.safetensors')));

const gathering = (): string => join(hub.folder, '.tiny.download');
const rangesAsked = (): (string | null)[] => hub.server.asked.filter(({ host }) => host === 'elsewhere').map(({ range }) => range);

async function partPlace(): Promise<string> {
  const { files } = await hub.look();
  return partOf(join(gathering(), 'model.safetensors'), files.find(({ path }) => path === 'model.safetensors')!);
}

/** What an earlier try of so many bytes left. */
async function leave(bytes: number): Promise<void> {
  await mkdir(gathering(), { recursive: true });
  await writeFile(await partPlace(), hub.weights.subarray(0, bytes));
}

describe('a model', () => {
  it('comes whole, with the files that Retort reads and no others', async () => {
    const told: number[] = [];
    const got = await hub.get('org/tiny', { onProgress: (_file, done) => told.push(done) });
    const names = await readdir(hub.place);
    expect(names).toEqual(expect.arrayContaining(['config.json', 'model.safetensors', 'retort-source.json']));
    for (const unwanted of ['pytorch_model.bin', 'modeling_tiny.py', 'README.md']) expect(names).not.toContain(unwanted);
    expect(await hasWeights()).toBe(true);
    await openModel(hub.place);
    expect(told.at(-1)).toBe(got.files.reduce((sum, { bytes }) => sum + bytes, 0));
    expect(await readdir(hub.folder)).toEqual(['tiny']);
  });

  it('is looked at before anything of it is downloaded', async () => {
    const { look } = await hub.look(`${hub.server.url}/org/tiny`);
    expect(look).toMatchObject({ id: 'org/tiny', licence: 'mit', unusable: null, model: { family: 'llama' } });
    expect(hub.server.asked.filter(({ host }) => host === 'elsewhere')).toEqual([]);
  });

  it('that is there is not downloaded again', async () => {
    await hub.get();
    hub.server.asked.length = 0;
    expect(await hub.get()).toMatchObject({ wasThere: true });
    expect(hub.server.asked.filter(({ path }) => path.includes('safetensors'))).toEqual([]);
  });

  it('in several files comes with those that its index names', async () => {
    const index = JSON.stringify({ weight_map: { a: 'model-00001-of-00002.safetensors', b: 'model-00002-of-00002.safetensors' } });
    hub.server.repositories.set('org/sharded', { files: {
      'config.json': hub.model.files['config.json']!, 'tokenizer.json': '{}', 'model.safetensors.index.json': index,
      'model-00001-of-00002.safetensors': 'first', 'model-00002-of-00002.safetensors': 'second', 'model-00003-of-00002.safetensors': 'stray',
    } });
    const { files } = await hub.get('org/sharded');
    expect(files.map(({ path }) => path)).toEqual([
      'config.json', 'tokenizer.json', 'model.safetensors.index.json', 'model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors',
    ]);
  });

  it('of a hub that lists its files page by page is found whole', async () => {
    hub.server.pageSize = 2;
    expect((await hub.get()).files.length).toBeGreaterThan(3);
  });
});

describe('a download that is cut', () => {
  it('goes on where it was, again and again', async () => {
    const cut = Math.floor(hub.weights.length / 4);
    hub.server.fault = ofLarge(({ range }, response, contents) => {
      const begin = range ?? 0;
      if (begin + cut >= contents.length) return false;
      response.writeHead(range === null ? 200 : 206, { 'content-length': contents.length - begin, 'content-range': `bytes ${begin}-${contents.length - 1}/${contents.length}` });
      response.write(contents.subarray(begin, begin + cut), () => response.socket!.end());
      return true;
    });
    await hub.get();
    expect(await hasWeights()).toBe(true);
    const ranges = hub.server.asked.filter(({ host }) => host === 'elsewhere').map(({ range }) => range);
    expect(ranges.length).toBeGreaterThan(2);
    expect(ranges.slice(1)).not.toContain(null);
  });

  it('for good leaves no model, and the next call goes on from it', async () => {
    hub.server.fault = ofLarge((_asked, response, contents) => {
      response.writeHead(200, { 'content-length': contents.length });
      response.socket!.end();
      return true;
    });
    const problem = await problemOf(hub.get());
    expect(problem.message).toMatch(/cannot be reached|ended model.safetensors/);
    expect(existsSync(hub.place)).toBe(false);
    await expect(openModel(gathering())).rejects.toThrow('neither model.safetensors');
    hub.server.reset();
    await leave(1234);
    await hub.get();
    expect(rangesAsked()).toEqual(['bytes=1234-']);
    expect(await hasWeights()).toBe(true);
  });

  it('goes on from a hub that gives no parts, from the beginning', async () => {
    await leave(1234);
    hub.server.fault = ofLarge((_asked, response, contents) => {
      response.writeHead(200, { 'content-length': contents.length });
      response.end(contents);
      return true;
    });
    await hub.get();
    expect(rangesAsked()).toEqual(['bytes=1234-']);
    expect(await hasWeights()).toBe(true);
  });

  it('by the person is kept', async () => {
    const controller = new AbortController();
    const stop = new Problem('Cancelled.', { kind: 'failure' });
    hub.server.fault = ofLarge((_asked, response, contents) => {
      response.writeHead(200, { 'content-length': contents.length });
      response.write(contents.subarray(0, 5000));
      return true;
    });
    const onProgress = (file: string): void => { if (file === 'model.safetensors') controller.abort(stop); };
    expect(await problemOf(hub.get('org/tiny', { signal: controller.signal, onProgress }))).toBe(stop);
    expect(existsSync(hub.place)).toBe(false);
    hub.server.reset();
    const { size } = await stat(await partPlace());
    expect(size).toBeGreaterThan(0);
    await hub.get();
    expect(rangesAsked()).toEqual([`bytes=${size}-`]);
  });

  it('with what is of something else begins anew once', async () => {
    await mkdir(gathering(), { recursive: true });
    await writeFile(await partPlace(), Buffer.alloc(1234));
    await hub.get();
    expect(rangesAsked()).toEqual(['bytes=1234-', null]);
    expect(await hasWeights()).toBe(true);
  });

  it('of another commit begins anew', async () => {
    hub.server.fault = ofLarge((_asked, response, contents) => {
      response.writeHead(200, { 'content-length': contents.length });
      response.write(contents.subarray(0, 5000), () => response.socket!.end());
      return true;
    });
    await problemOf(hub.get());
    hub.server.reset();
    const changed = Buffer.from(hub.weights);
    changed[changed.length - 1]! ^= 1;
    hub.server.repositories.set('org/tiny', { ...hub.model, files: { ...hub.model.files, 'model.safetensors': changed }, commit: 'b'.repeat(40) });
    await hub.get();
    expect(hub.server.asked.find(({ host }) => host === 'elsewhere')?.range).toBe(null);
    expect(await hasWeights(changed)).toBe(true);
  });
});

describe('a place', () => {
  it('that has something else is left as it is', async () => {
    await mkdir(hub.place);
    await writeFile(join(hub.place, 'mine.txt'), 'mine');
    expect((await problemOf(hub.get())).message).toContain('is there already and is not org/tiny');
    expect(await readdir(hub.place)).toEqual(['mine.txt']);
  });

  it('that has another commit is left as it is', async () => {
    await hub.get();
    hub.server.repositories.set('org/tiny', { ...hub.model, commit: 'c'.repeat(40) });
    expect((await problemOf(hub.get())).message).toMatch(/has org\/tiny of commit .*, and now it is at cccccccccccc/);
  });
});

describe('what Retort cannot use', () => {
  it('is said before the download', async () => {
    const config = (changes: object): string => JSON.stringify({ ...JSON.parse(String(hub.model.files['config.json'])) as object, ...changes });
    const of = async (files: Record<string, string | Uint8Array>): Promise<string | undefined> => {
      hub.server.repositories.set('org/odd', { files });
      return (await hub.look('org/odd')).look.unusable?.message;
    };
    expect(await of({ ...hub.model.files, 'config.json': config({ model_type: 'mamba9' }) })).toContain('mamba9');
    expect(await of({ 'config.json': config({}), 'pytorch_model.bin': 'pickle' })).toContain('only as pytorch_model.bin, which can run code');
    expect(await of({ 'README.md': 'nothing' })).toContain('no weights that Retort reads');
    expect(await of({ 'config.json': config({}), 'model.safetensors': hub.weights })).toContain('no tokenizer.json');
    expect(await of({ ...hub.model.files, 'config.json': '[]' })).toContain('no JSON object');
  });
});

describe('a GGUF file', () => {
  beforeEach(() => {
    hub.server.repositories.set('org/packed', { files: { 'm-Q4_K_M.gguf': 'four', 'm-Q8_0.gguf': 'eight', 'mmproj-f16.gguf': 'eyes', 'split/m-F16-00001-of-00002.gguf': 'one', 'split/m-F16-00002-of-00002.gguf': 'two' } });
  });

  it('is chosen of several by the person', async () => {
    const { look } = await hub.look('org/packed');
    expect(look.choices.map(({ path, bytes }) => [path, bytes])).toEqual([['m-Q4_K_M.gguf', 4], ['m-Q8_0.gguf', 5], ['split/m-F16-00001-of-00002.gguf', 6]]);
    expect((await problemOf(hub.get('org/packed'))).hint).toContain('--file m-Q4_K_M.gguf');
    expect((await problemOf(hub.get('org/packed', { files: ['Q5_0'] }))).message).toBe('org/packed has no GGUF file "Q5_0".');
    await hub.get('org/packed', { files: ['q4_k_m'] });
    expect(await readdir(hub.place)).toEqual(['m-Q4_K_M.gguf', 'retort-source.json']);
    // Another of the same commit comes beside it.
    await hub.get('org/packed', { files: ['F16'] });
    expect((await readdir(join(hub.place, 'split'))).sort()).toEqual(['m-F16-00001-of-00002.gguf', 'm-F16-00002-of-00002.gguf']);
    expect(await readFile(join(hub.place, 'm-Q4_K_M.gguf'), 'utf8')).toBe('four');
  });
});

describe('a data set', () => {
  const look = (files: string[]): Promise<Looked> => hub.look('org/rows', { kind: 'dataset', files });

  it('gives the files that were named, in their folders', async () => {
    hub.server.repositories.set('datasets/org/rows', { files: { 'data/train-0.parquet': 'a', 'data/train-1.parquet': 'b', 'data/test-0.parquet': 'c', 'load.py': 'import os', 'dataset_infos.json': '{}' } });
    expect((await look([])).look.choices.map(({ path }) => path)).toEqual(['data/test-0.parquet', 'data/train-0.parquet', 'data/train-1.parquet']);
    expect((await problemOf(look(['data/dev*']))).message).toBe('org/rows has no data file data/dev*.');
    await hub.get('org/rows', { kind: 'dataset', files: ['data/train-*'] });
    expect((await readdir(join(hub.place, 'data'))).sort()).toEqual(['train-0.parquet', 'train-1.parquet']);
  });

  it('that is code alone has nothing to give', async () => {
    hub.server.repositories.set('datasets/org/rows', { files: { 'load.py': 'import os' } });
    const problem = await problemOf(look([]));
    expect(problem.message).toContain('has no data file that Retort reads');
    expect(problem.hint).toContain('@refs/convert/parquet');
  });
});
