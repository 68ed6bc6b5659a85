import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect, it } from 'vitest';
import { writeOnnxFiles } from '../../src-main/export/onnx-file.ts';
import { buildDecoder } from '../../src-main/nn/build.ts';
import { temporaryFolder } from '../model/model-fixtures.ts';
import { loadFixture } from '../support/model-fixture.ts';

const temporary = temporaryFolder();
const int64 = (rows: readonly (readonly number[])[]): Tensor => new Tensor('int64', BigInt64Array.from(rows.flat(), BigInt), [rows.length, rows[0]!.length]);

it.each(['lfm2', 'qwen3-5', 'qwen3-5-grouped'])('%s, exported, makes nothing of the padding before a text', async (name) => {
  const { config, weights } = await loadFixture(join('test/fixtures/engine/families', name));
  const { layers, kvHeads, headDim, convolutions } = buildDecoder(config);
  await mkdir(temporary.path(name));
  const [written] = await writeOnnxFiles(temporary.path(name), config, 'fp32', (key) => [weights[key]!.data as Float32Array]);
  const session = await InferenceSession.create(written!.path, { logSeverityLevel: 3 });
  const zeros = (batch: number, ...shape: number[]): Tensor => new Tensor('float32', new Float32Array(batch * shape.reduce((size, dim) => size * dim, 1)), [batch, ...shape]);
  const empty = (batch: number): Record<string, Tensor> => Object.fromEntries(Array.from({ length: layers }, (_, layer): [string, Tensor][] => {
    const states = convolutions.get(layer);
    if (!states) return [[`past_key_values.${layer}.key`, zeros(batch, kvHeads, 0, headDim)], [`past_key_values.${layer}.value`, zeros(batch, kvHeads, 0, headDim)]];
    return [[`past_conv.${layer}`, zeros(batch, states.width, states.reach + 1)], ...(states.memory ? [[`past_recurrent.${layer}`, zeros(batch, ...states.memory)] as [string, Tensor]] : [])];
  }).flat());
  /** Logits of each text's last token, of all texts at once. */
  const last = async (texts: readonly (readonly number[])[]): Promise<number[][]> => {
    const longest = Math.max(...texts.map(({ length }) => length));
    const before = (text: readonly number[], what: number): number[] => Array.from({ length: longest - text.length }, () => what);
    const { logits } = await session.run({
      input_ids: int64(texts.map((text) => [...before(text, 7), ...text])), attention_mask: int64(texts.map((text) => [...before(text, 0), ...text.map(() => 1)])),
      position_ids: int64(texts.map((text) => [...before(text, 0), ...text.map((_, at) => at)])), ...empty(texts.length),
    });
    const rows = logits!.data as Float32Array;
    return texts.map((_, row) => [...rows.subarray(((row + 1) * longest - 1) * config.vocabSize, (row + 1) * longest * config.vocabSize)]);
  };
  const texts = [Array.from({ length: 20 }, (_, at) => 3 + at * 2), [9, 33, 12], [41]];
  const together = await last(texts);
  for (const [row, text] of texts.entries()) {
    const [alone] = await last([text]);
    expect(Math.max(...alone!.map((value, at) => Math.abs(value - together[row]![at]!)))).toBeLessThan(1e-4);
  }
  await session.release();
});
