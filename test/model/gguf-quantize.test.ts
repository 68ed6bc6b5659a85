import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { BLOCK_FORMATS } from '../../src-main/model/gguf/dequantize/types.ts';
import { bytesOf, tensorFormat, type TensorType } from '../../src-main/model/gguf/quantize/types.ts';

interface Written { ggml: string; error: number; ggmlWeighted: string; weightedError: number; ggufPy?: string }
const made = JSON.parse(readFileSync('test/fixtures/model-gguf/quantized.json', 'utf8')) as { width: number; weights: string; importance: string; types: Record<string, Written> };
const floats = (text: string): Float32Array => new Float32Array(new Uint8Array(Buffer.from(text, 'base64')).buffer);
const values = floats(made.weights);
const importance = floats(made.importance);

function encode(type: TensorType, weights: Float32Array | null): Uint8Array {
  const bytes = new Uint8Array(bytesOf(type, values.length));
  tensorFormat(type).encode(values, bytes, made.width, weights);
  return bytes;
}

/** The sum of squared differences, each times the weight of its column. */
function errorOf(type: TensorType, bytes: Uint8Array, weights: Float32Array | null): number {
  const decoded = new Float32Array(values.length);
  BLOCK_FORMATS[type]!.decode(bytes, decoded);
  return decoded.reduce((sum, value, at) => sum + (weights?.[at % made.width] ?? 1) * (value - values[at]!) ** 2, 0);
}

/** The same of each block of 256. */
function errorsOf(type: TensorType, bytes: Uint8Array, weights: Float32Array | null): number[] {
  const { bytes: size } = BLOCK_FORMATS[type]!;
  const decoded = new Float32Array(256);
  return Array.from({ length: bytes.length / size }, (_, block) => {
    BLOCK_FORMATS[type]!.decode(bytes.subarray(block * size, (block + 1) * size), decoded);
    return decoded.reduce((sum, value, i) => sum + (weights?.[(block * 256 + i) % made.width] ?? 1) * (value - values[block * 256 + i]!) ** 2, 0);
  });
}

const TYPES = Object.entries(made.types) as [TensorType, Written][];

it.each(TYPES.filter(([, { ggufPy }]) => ggufPy !== undefined))('writes %s as gguf-py does, to the bit', (type, { ggufPy }) => {
  expect(Buffer.from(encode(type, null)).toString('base64')).toBe(ggufPy);
});

/** With few levels a tie, which llama.cpp's narrower floats decide otherwise, is felt in a whole block: these are compared block by block. */
const FEW_LEVELS: readonly TensorType[] = ['Q2_K', 'Q3_K'];

it.each(TYPES.filter(([type]) => !FEW_LEVELS.includes(type)))('writes %s with the error of llama.cpp, within a thousandth', (type, { error, weightedError }) => {
  expect(Math.abs(errorOf(type, encode(type, null), null) / error - 1)).toBeLessThan(0.001);
  expect(Math.abs(errorOf(type, encode(type, importance), importance) / weightedError - 1)).toBeLessThan(0.001);
});

it.each(TYPES.filter(([type]) => FEW_LEVELS.includes(type)))('writes %s with the error of llama.cpp, within a thousandth but for blocks with ties', (type, { ggml, ggmlWeighted }) => {
  for (const [weights, theirs] of [[null, ggml], [importance, ggmlWeighted]] as const) {
    const [own, wanted] = [encode(type, weights), new Uint8Array(Buffer.from(theirs, 'base64'))].map((bytes) => errorsOf(type, bytes, weights)) as [number[], number[]];
    const apart = own.map((error, block) => Math.abs(error / wanted[block]! - 1)).filter((ratio) => ratio > 0.001);
    expect(own).toHaveLength(12);
    expect(apart.length, String(apart)).toBeLessThanOrEqual(3);
  }
});

it.each(TYPES.filter(([type]) => type !== 'Q3_K'))('writes nine of ten bytes of %s as llama.cpp does, whose floats are narrower', (type, { ggml, ggmlWeighted }) => {
  for (const [ours, theirs] of [[encode(type, null), ggml], [encode(type, importance), ggmlWeighted]] as const) {
    const expected = Buffer.from(theirs, 'base64');
    expect(ours.length).toBe(expected.length);
    expect(ours.filter((byte, at) => byte !== expected[at]).length / ours.length).toBeLessThan(0.1);
  }
});

it.each(['Q4_K', 'Q5_K', 'Q6_K', 'Q4_0', 'Q8_0'] as const)('writes nothing but zeros in %s for weights of zero', (type) => {
  const zeros = new Float32Array(512);
  const bytes = new Uint8Array(bytesOf(type, 512));
  tensorFormat(type).encode(zeros, bytes, 512, null);
  const decoded = new Float32Array(512).fill(1);
  BLOCK_FORMATS[type]!.decode(bytes, decoded);
  expect(decoded.every((value) => value === 0)).toBe(true);
});
