import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { gradients } from '../../src-main/graph/gradient.ts';
import { writeOnnx } from '../../src-main/graph/onnx/write.ts';
import { gatherRows } from '../../src-main/graph/ops/gather.ts';
import { Graph, type Value } from '../../src-main/graph/value.ts';
import { halfName, HALF } from '../../src-main/nn/weights/half.ts';
import { INT4 } from '../../src-main/nn/weights/int4.ts';
import { INT8, integersName, scalesName } from '../../src-main/nn/weights/int8.ts';
import { quantizeInt4, quantizeInt8 } from '../../src-main/nn/weights/quantize.ts';
import type { EncodingName } from '../../src-main/nn/weights/encodings/encodings.ts';
import { stored, storedViews } from '../../src-main/nn/weights/stored.ts';
import type { StoredLayout } from '../../src-main/nn/weights/stored-layout.ts';
import type { Matrix } from '../../src-main/nn/weights/weight-format.ts';
import { float32, int32, tensorOf, type Tensor } from '../../src-main/runtime/tensor.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import type { Executor } from '../../src-main/runtime/program.ts';
import { expectClose } from '../support/close.ts';
import { requires } from '../support/requires.ts';
import { noise } from '../support/run-graph.ts';
import { strictWebgpu } from '../support/strict-webgpu.ts';

/** Four blocks of every type and gguf-py's numbers for them. */
const CASES = JSON.parse(readFileSync(new URL('../fixtures/model-gguf/blocks.json', import.meta.url), 'utf8')) as Record<string, { blocks: string; values: string }>;
/** Those whose blocks hold float16, which the software device does not compute with: their graph is made ready there, and run by the CPU. */
const HALVES = /^(Q|IQ)/;
const cpu = ortExecutor('cpu', 1);

async function run(executor: Executor, outputs: Record<string, Value>, inputs: Record<string, Tensor>): Promise<Record<string, Float32Array>> {
  const program = await executor.compile(writeOnnx(outputs, { weights: 'inputs', dialect: executor.dialect }));
  const found = await program.run(inputs);
  await program.release();
  return Object.fromEntries(Object.entries(found).map(([name, { data }]) => [name, data as Float32Array]));
}

requires('vulkan')('weights on WebGPU alone, with no operator left to the CPU,', () => {
  const webgpu = strictWebgpu();

  it.each(Object.keys(CASES) as EncodingName[])('stored as %s are unpacked there', async (name) => {
    const values = new Float32Array(Uint8Array.from(Buffer.from(CASES[name]!.values, 'base64')).buffer);
    const layout: StoredLayout = { encoding: name, rows: 4, width: values.length / 4, of: 'outputs', pairedHeads: null, joinedHeads: null };
    const views = Object.fromEntries(storedViews('w', layout).map((view) => [view.name, tensorOf(view.dtype, view.shape, Buffer.from(CASES[name]!.blocks, 'base64'))]));
    const graph = new Graph();
    const x = graph.input('x', 'float32', [3, layout.width]);
    const y = stored(layout).multiply(x, { name: 'w', shape: [4, layout.width], layout: 'out-in' });
    const [back] = gradients(new Map([[y, graph.input('up', 'float32', [3, 4])]]), [x]);
    const rows = stored(layout).lookUp(graph.input('ids', 'int32', [2]), { name: 'w', shape: [4, layout.width] });
    const outputs = { y, back: back!, rows };
    if (HALVES.test(name)) await (await webgpu.compile(writeOnnx(outputs, { weights: 'inputs', dialect: 'webgpu' }))).release();
    const inputs = { x: noise([3, layout.width], 1), up: noise([3, 4], 2), ids: int32(Int32Array.of(3, 1), [2]), ...views };
    const [found, wanted] = [await run(HALVES.test(name) ? { ...cpu, dialect: 'webgpu' } : webgpu, outputs, inputs), await run(cpu, outputs, inputs)];
    for (const key of Object.keys(outputs)) expectClose(found[key]!, wanted[key]!, 1e-6, { name: key });
  });

  it('in 8 and 4 bits are multiplied by there', async () => {
    const matrix: Matrix = { name: 'w', shape: [24, 64], layout: 'out-in' };
    const weights = noise([24, 64], 4).data as Float32Array;
    for (const [format, { integers, scales }, shape] of [[INT8, quantizeInt8(weights, matrix), [64, 24]], [INT4, quantizeInt4(weights, matrix), [24, 2, 16]]] as const) {
      const graph = new Graph();
      const y = format.multiply(graph.input('x', 'float32', [5, 64]), matrix);
      const inputs = { x: noise([5, 64], 1), [integersName('w')]: tensorOf('uint8', shape, integers), [scalesName('w')]: float32(scales, [scales.length]) };
      // The CPU rounds activations to 8 bits.
      expectClose((await run(webgpu, { y }, inputs))['y']!, (await run(cpu, { y }, inputs))['y']!, 1e-2);
    }
  });

  it('in float16 are computed with where the device does', async () => {
    const graph = new Graph();
    const outputs = { y: HALF.multiply(graph.input('x', 'float32', [5, 64]), { name: 'w', shape: [24, 64], layout: 'out-in' }) };
    const program = await webgpu.compile(writeOnnx(outputs, { weights: 'inputs', dialect: 'webgpu' }));
    expect(program.graph.parameters.map(({ name }) => name)).toEqual([halfName('w')]);
    await program.release();
  });

  it('add the rows of an embedding up in one order, so that two runs agree to the bit', async () => {
    const graph = new Graph();
    const table = graph.parameter('table', [40, 24]);
    const [count, width] = [200, 24];
    const found = gatherRows(table, graph.input('ids', 'int32', [count]));
    const [gradient] = gradients(new Map([[found, graph.input('up', 'float32', [count, width])]]), [table]);
    const inputs = { table: noise([40, 24], 3), up: noise([count, width], 5), ids: int32(Int32Array.from({ length: count }, (_, at) => (at * at) % 31), [count]) };
    const [first, again, wanted] = [await run(webgpu, { gradient: gradient! }, inputs), await run(webgpu, { gradient: gradient! }, inputs), await run(cpu, { gradient: gradient! }, inputs)];
    expect(again).toEqual(first);
    expectClose(first['gradient']!, wanted['gradient']!, 1e-6);
  });
});
