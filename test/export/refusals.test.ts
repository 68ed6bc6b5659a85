import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { checkOnnx } from '../../src-main/export/check-onnx.ts';
import type { Past, Step } from '../../src-main/export/opened.ts';
import { measureParity } from '../../src-main/export/parity.ts';
import { Problem } from '../../src-main/contract/problem.ts';
import { resource } from '../../src-main/service/resources.ts';
import { TrainedModel } from '../../src-main/service/export/trained.ts';
import { exported } from '../support/exported.ts';
import { requires } from '../support/requires.ts';

const model = resource('sample', 'student');
let folder: string;
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'retort-export-')); });
afterAll(() => rm(folder, { recursive: true, force: true }));

it('goes over no folder unasked, and when asked only over an earlier export', async () => {
  const to = join(folder, 'twice');
  await exported(model, to, ['fp32']);
  await expect(exported(model, to, ['fp16'])).rejects.toThrow('exists already');
  expect(await readdir(join(to, 'onnx'))).toEqual(['model.onnx']);
  await exported(model, to, ['fp16'], { replace: true });
  expect(await readdir(join(to, 'onnx'))).toEqual(['model_fp16.onnx']);

  const own = join(folder, 'thesis');
  await mkdir(own);
  await writeFile(join(own, 'chapter.txt'), 'mine');
  await expect(exported(model, own, ['fp32'], { replace: true })).rejects.toThrow('is not what Retort has written there');
  expect(await readFile(join(own, 'chapter.txt'), 'utf8')).toBe('mine');
  expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([]);
});

it('keeps the earlier export where the new one fails, and leaves nothing else', async () => {
  const to = join(folder, 'kept');
  await exported(model, to, ['fp32']);
  const controller = new AbortController();
  controller.abort(new Problem('Cancelled.', { kind: 'failure' }));
  await expect(exported(model, to, ['fp16'], { replace: true }, controller.signal)).rejects.toThrow('Cancelled.');
  expect(await readdir(join(to, 'onnx'))).toEqual(['model.onnx']);
  await expect(exported(model, join(folder, 'nothing'), [])).rejects.toThrow('Nothing is to be exported');
  await expect(exported(join(folder, 'nowhere'), join(folder, 'never'), ['fp32'])).rejects.toThrow('there is no model folder');
  expect(existsSync(join(folder, 'never'))).toBe(false);
  expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([]);
});

it.each(['qwen3-moe', 'gpt-oss'])('writes no GGUF file of %s, whose experts it only asks, and says so before anything is computed', async (family) => {
  const mixture = `test/fixtures/model-gguf/families/${family}.gguf`;
  const computed = vi.spyOn(TrainedModel.prototype, 'write');
  await expect(exported(mixture, join(folder, family), [], { parts: [{ format: 'gguf', types: ['q8_0'], imatrix: false }] })).rejects.toMatchObject({ message: expect.stringMatching(/^A mixture of experts .* is not written as GGUF\.$/) as string, hint: 'llama.cpp\'s own converter does it.' });
  expect(computed).not.toHaveBeenCalled();
  expect(existsSync(join(folder, family))).toBe(false);
});

it('finds a file that is cut off, or whose weights are', async () => {
  const to = join(folder, 'checked');
  await exported(model, to, ['fp32']);
  const path = join(to, 'onnx', 'model.onnx');
  await checkOnnx(path);
  const bytes = await readFile(path);
  await writeFile(path, bytes.subarray(0, bytes.length >> 1));
  await expect(checkOnnx(path)).rejects.toThrow();
});

it('measures what it says: a shifted first choice, a scaled logit, a perplexity by hand', async () => {
  const width = 3;
  const rows = Float32Array.of(0, 1, 2, 2, 1, 0);
  const opened = (logits: Float32Array) => ({
    startId: null, release: () => Promise.resolve(),
    run: (_: Int32Array, tokens: Int32Array, past: Past | null): Promise<Step> => {
      const before = past?.length ?? 0;
      return Promise.resolve({ logits: logits.subarray(before * width, (before + tokens.length) * width), past: { length: before + tokens.length, tensors: {} } });
    },
  });
  const texts = [{ prompt: Int32Array.of(0), completion: Int32Array.of(2, 0) }];
  const same = await measureParity(opened(rows), width, texts, () => Promise.resolve(rows));
  const likely = Math.exp(2) / (1 + Math.E + Math.exp(2));
  expect(same).toMatchObject({ maxLogitDifference: 0, topAgreement: 1 });
  expect(same.perplexity).toBeCloseTo(1 / likely, 5);
  const other = await measureParity(opened(Float32Array.of(0, 5, 2, 2, 1, 0)), width, [{ prompt: Int32Array.of(0), completion: Int32Array.of(2, 0) }], () => Promise.resolve(rows));
  expect(other.maxLogitDifference).toBe(4);
  expect(other.topAgreement).toBeLessThan(1);
  expect(other.trainedPerplexity).toBeCloseTo(1 / likely, 5);
});

requires('mount')('on a full disk', () => {
  it('says so and leaves nothing half written', async () => {
    const small = join(folder, 'small');
    await mkdir(small);
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=300k', 'retort', small]).status).toBe(0);
    try {
      await expect(exported(model, join(small, 'export'), ['fp32'])).rejects.toThrow('the disk is full');
      expect(await readdir(small)).toEqual([]);
    } finally {
      spawnSync('umount', [small]);
    }
  });
});
