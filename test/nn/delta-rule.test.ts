import { describe, expect, it } from 'vitest';
import { writeOnnx } from '../../src-main/graph/onnx/write.ts';
import { Graph } from '../../src-main/graph/value.ts';
import { deltaRule } from '../../src-main/nn/pieces/delta-rule.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { float32 } from '../../src-main/runtime/tensor.ts';

const executor = ortExecutor('cpu', 1);
const SIZES = { keyHeads: 2, valueHeads: 4, keyDim: 3, valueDim: 5 };
const { keyHeads, valueHeads, keyDim, valueDim } = SIZES;
const WIDTHS = { query: keyHeads * keyDim, key: keyHeads * keyDim, value: valueHeads * valueDim, decay: valueHeads, rate: valueHeads };
type Inputs = Record<keyof typeof WIDTHS | 'memory', Float32Array>;

/** Numbers that look random and are the same every time, between -1 and 1. */
const numbers = (count: number, seed: number): Float32Array => Float32Array.from({ length: count }, (_, at) => {
  const turned = Math.sin((at + 1) * 12.9898 + seed * 78.233) * 43758.5453;
  return 2 * (turned - Math.floor(turned)) - 1;
});

function inputsOf(batch: number, length: number): Inputs {
  const part = (name: keyof typeof WIDTHS, seed: number): Float32Array => numbers(batch * length * WIDTHS[name], seed);
  return {
    query: part('query', 1), key: part('key', 2), value: part('value', 3),
    decay: part('decay', 4).map((x) => -0.1 * Math.abs(x)), rate: part('rate', 5).map((x) => (x + 1) / 2), memory: numbers(batch * valueHeads * keyDim * valueDim, 6),
  };
}

/** One position after the other, in double precision. */
function plainly(batch: number, length: number, { query, key, value, decay, rate, memory }: Inputs): { context: number[]; memory: number[] } {
  const state = [...memory];
  const context = new Array<number>(batch * length * WIDTHS.value).fill(0);
  const unit = (from: Float32Array, start: number): number[] => {
    const part = [...from.subarray(start, start + keyDim)];
    const size = Math.sqrt(part.reduce((sum, x) => sum + x * x, 1e-6));
    return part.map((x) => x / size);
  };
  for (let row = 0; row < batch; row++) for (let at = 0; at < length; at++) for (let head = 0; head < valueHeads; head++) {
    const place = row * length + at;
    const shared = place * WIDTHS.key + Math.floor(head / (valueHeads / keyHeads)) * keyDim;
    const [q, k] = [unit(query, shared), unit(key, shared)];
    const [keep, share] = [Math.exp(decay[place * valueHeads + head]!), rate[place * valueHeads + head]!];
    for (let column = 0; column < valueDim; column++) {
      const cell = (line: number): number => ((row * valueHeads + head) * keyDim + line) * valueDim + column;
      for (let line = 0; line < keyDim; line++) state[cell(line)]! *= keep;
      const wrong = value[place * WIDTHS.value + head * valueDim + column]! - k.reduce((sum, x, line) => sum + x * state[cell(line)]!, 0);
      for (let line = 0; line < keyDim; line++) state[cell(line)]! += share * k[line]! * wrong;
      context[place * WIDTHS.value + head * valueDim + column] = q.reduce((sum, x, line) => sum + x * state[cell(line)]!, 0) / Math.sqrt(keyDim);
    }
  }
  return { context, memory: state };
}

/** By a graph whose batch and length stay open, or are known. */
async function computed(batch: number, length: number, inputs: Inputs, isOpen: boolean): Promise<{ context: Float32Array; memory: Float32Array }> {
  const graph = new Graph();
  const [rows, positions] = isOpen ? ['batch', 'sequence'] : [batch, length];
  const input = (name: keyof typeof WIDTHS) => graph.input(name, 'float32', [rows, positions, WIDTHS[name]]);
  const call = { query: input('query'), key: input('key'), value: input('value'), decay: input('decay'), rate: input('rate') };
  const { context, memory: after } = deltaRule(call, graph.input('memory', 'float32', [rows, valueHeads, keyDim, valueDim]), SIZES);
  const program = await executor.compile(writeOnnx({ context, after }, { weights: 'inputs' }));
  const found = await program.run({
    ...Object.fromEntries(Object.entries(WIDTHS).map(([name, width]) => [name, float32(inputs[name as keyof typeof WIDTHS], [batch, length, width])])),
    memory: float32(inputs.memory, [batch, valueHeads, keyDim, valueDim]),
  });
  await program.release();
  return { context: found['context']!.data as Float32Array, memory: found['after']!.data as Float32Array };
}

const largest = (found: ArrayLike<number>, wanted: ArrayLike<number>): number => Math.max(...Array.from(wanted, (value, at) => Math.abs(value - found[at]!)));

describe('the gated delta rule', () => {
  it.each([1, 2, 15, 16, 17, 50])('over %i positions is the rule position by position', async (length) => {
    const inputs = inputsOf(2, length);
    const wanted = plainly(2, length, inputs);
    for (const isOpen of [true, false]) {
      const found = await computed(2, length, inputs, isOpen);
      expect(found.context).toHaveLength(wanted.context.length);
      expect(largest(found.context, wanted.context)).toBeLessThan(1e-5);
      expect(largest(found.memory, wanted.memory)).toBeLessThan(1e-5);
    }
  });

  it('keeps its digits where all keys are the same and all is corrected, or forgotten', async () => {
    const inputs = inputsOf(1, 48);
    for (const decay of [0, -80]) {
      const same = { ...inputs, key: inputs.key.map((_, at) => inputs.key[at % WIDTHS.key]!), rate: inputs.rate.fill(1), decay: inputs.decay.fill(decay) };
      const [found, wanted] = [await computed(1, 48, same, true), plainly(1, 48, same)];
      expect(largest(found.context, wanted.context)).toBeLessThan(1e-5);
      expect(largest(found.memory, wanted.memory)).toBeLessThan(1e-5);
    }
  });

  it('leaves the memory where nothing is forgotten and nothing corrected', async () => {
    const inputs = inputsOf(1, 21);
    const still = { ...inputs, decay: inputs.decay.map((x, at) => (at < 9 * valueHeads ? x : 0)), rate: inputs.rate.map((x, at) => (at < 9 * valueHeads ? x : 0)) };
    const first = Object.fromEntries(Object.entries(WIDTHS).map(([name, width]) => [name, inputs[name as keyof typeof WIDTHS].slice(0, 9 * width)]));
    expect(largest((await computed(1, 21, still, true)).memory, plainly(1, 9, { ...inputs, ...first }).memory)).toBeLessThan(1e-5);
  });
});
