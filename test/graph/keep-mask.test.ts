import { expect, it } from 'vitest';
import { fillIntegers } from '../../src-main/contract/random.ts';
import { writeOnnx } from '../../src-main/graph/onnx/write.ts';
import type { NodeWriter } from '../../src-main/graph/onnx/node-writer.ts';
import { keepMask } from '../../src-main/graph/ops/keep-mask.ts';
import { Graph } from '../../src-main/graph/value.ts';
import type { Executor } from '../../src-main/runtime/program.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { requires } from '../support/requires.ts';
import { strictWebgpu } from '../support/strict-webgpu.ts';

const [ROWS, COLUMNS] = [64, 96];

function keys(count: number, seed: number): BigInt64Array {
  const drawn = new Uint32Array(count);
  fillIntegers(drawn, seed, { purpose: 'dropout' }, 2 ** 31);
  // The ends of the range as well.
  drawn.set([0, 2 ** 31 - 1, 1], 0);
  return BigInt64Array.from(drawn, BigInt);
}

async function mask(executor: Executor, dialect: NodeWriter['dialect']): Promise<Float32Array> {
  const graph = new Graph();
  const of = (name: string, shape: number[]) => graph.input(name, 'int64', shape);
  const made = keepMask(of('rows', [ROWS, 1]), of('columns', [COLUMNS]), { factor: 1_846_387_201, share: 0.7, use: 'x' });
  const program = await executor.compile(writeOnnx({ made }, { weights: 'inputs', dialect }), { optimize: 'none' });
  const { made: found } = await program.run({
    rows: { dtype: 'int64', shape: [ROWS, 1], data: keys(ROWS, 1) }, columns: { dtype: 'int64', shape: [COLUMNS], data: keys(COLUMNS, 2) },
  });
  await program.release();
  return found!.data as Float32Array;
}

const cpu = ortExecutor('cpu', 1);

it('a mask without operators on bits is the mask with them, number for number', async () => {
  const wanted = await mask(cpu, 'onnxruntime');
  expect(new Set(wanted)).toEqual(new Set([0, Math.fround(1 / 0.7)]));
  expect(await mask(cpu, 'webgpu')).toEqual(wanted);
});

requires('vulkan')('a mask on WebGPU', () => {
  it('is that of the CPU, with no operator left to it', async () => { expect(await mask(strictWebgpu(), 'webgpu')).toEqual(await mask(cpu, 'onnxruntime')); });
});
