import { expect, it } from 'vitest';
import { HostPlan } from '../../src-main/decode/host-plan.ts';
import { isWorthKeeping } from '../../src-main/decode/worth-keeping.ts';
import { packedBytes } from '../../src-main/forecast/packed-bytes.ts';
import { DTYPES } from '../../src-main/graph/dtype.ts';
import { sizeOf } from '../../src-main/graph/shape.ts';
import { readConfig } from '../../src-main/model/config/read-config.ts';
import { keptWeights } from '../../src-main/model/frozen/kept.ts';
import { formatOf, packsOf } from '../../src-main/model/frozen/open-frozen.ts';
import type { ModelFiles } from '../../src-main/model/model-files.ts';
import { buildDecoder, listParameters } from '../../src-main/nn/build.ts';
import { ENCODINGS, type EncodingName } from '../../src-main/nn/weights/encodings/encodings.ts';
import { storedViews } from '../../src-main/nn/weights/stored.ts';
import type { MappedBytes } from '../../src-main/runtime/mapping/mapped-file.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { float32, tensorOf, type StoredTensor } from '../../src-main/runtime/tensor.ts';

/** A tensor of a file that is not there. */
const inFile = ({ dtype, shape }: Pick<StoredTensor, 'dtype' | 'shape'>): StoredTensor => ({ dtype, shape, mapped: { byteLength: DTYPES[dtype].bytes * sizeOf(shape) } as MappedBytes });

/** Layers of Qwen3-0.6B with few tokens: whether a writer lasts, and whether the forecast takes it to. None of the matrices is there. */
function lasts(layers: number, encoding: EncodingName, precision: 'fp32' | 'int8' | 'int4'): { plan: boolean; forecast: boolean } {
  const config = readConfig('config.json', {
    model_type: 'llama', vocab_size: 64, hidden_size: 1024, intermediate_size: 3072, num_hidden_layers: layers, num_attention_heads: 16, num_key_value_heads: 8,
    head_dim: 128, max_position_embeddings: 256, rms_norm_eps: 1e-6, rope_theta: 1e6, tie_word_embeddings: true, hidden_act: 'silu',
  });
  const parameters = listParameters(config);
  const place = (name: string): object => {
    const { shape: [rows, width = 1] } = parameters.find((parameter) => parameter.name === name)!;
    const { elements, bytes } = ENCODINGS[encoding];
    return { encoding, rows, width, bytes: rows! * (width / elements) * bytes, isTurned: false, pairedHeads: null, joinedHeads: null };
  };
  const kind = encoding === 'F32' ? 'folder' : 'gguf';
  const kept = keptWeights({ path: '.', kind, config, place } as unknown as ModelFiles, parameters, { precision, readsStored: true });
  const weights = Object.fromEntries(kept.flatMap(({ name, shape, matrix, other }): [string, StoredTensor][] => {
    if (other?.as === 'stored') return storedViews(name, packsOf(kept).get(name)!).map((view) => [view.name, inFile(view)]);
    if (other?.as === 'float16') return [[name, tensorOf('float16', shape, new Uint8Array(2 * sizeOf(shape)))]];
    return matrix ? [] : [[name, float32(new Float32Array(sizeOf(shape)), shape)]];
  }));
  const plan = new HostPlan(ortExecutor('cpu', 1), buildDecoder(config, formatOf(kept)), weights, { vocabulary: 64, maxLength: 64, choice: 'logits', changing: new Set() });
  return { plan: plan.isLasting, forecast: isWorthKeeping(packedBytes(kept).constants) };
}

it.each([
  // A layer has 15.7 million weights. Bytes of each: half of one in a plane with its share of a scale, one or two planes, and of what a block's zero is worth.
  ['int8', 12, 'F32', 'int8'], ['int4', 27, 'F32', 'int4'], ['Q8_0', 12, 'Q8_0', 'fp32'], ['Q6_K', 9, 'Q6_K', 'fp32'], ['Q4_K', 22, 'Q4_K', 'fp32'],
] as const)('a writer beside %s lasts as long as what is packed for it is small: %i layers', (_, layers, encoding, precision) => {
  expect(lasts(layers, encoding, precision)).toEqual({ plan: true, forecast: true });
  expect(lasts(layers + 1, encoding, precision)).toEqual({ plan: false, forecast: false });
});
