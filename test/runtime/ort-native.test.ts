import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { afterAll, describe, expect, it } from 'vitest';
import { writeOnnx, type OnnxGraph } from '../../src-main/graph/onnx/write.ts';
import { add, mul } from '../../src-main/graph/ops/elementwise.ts';
import { gatherRows } from '../../src-main/graph/ops/gather.ts';
import { cast } from '../../src-main/graph/ops/layout.ts';
import { matmul } from '../../src-main/graph/ops/matmul.ts';
import { argMax } from '../../src-main/graph/ops/reduce.ts';
import { Graph } from '../../src-main/graph/value.ts';
import { ParameterMemory } from '../../src-main/runtime/memory/parameter-memory.ts';
import { nativeExecutor } from '../../src-main/runtime/ort/native/executor.ts';
import type { Program, ProgramOptions } from '../../src-main/runtime/program.ts';
import { float32, int32, type Tensor } from '../../src-main/runtime/tensor.ts';
import { asInitializers } from '../../src-main/runtime/weights.ts';
import { noise } from '../support/run-graph.ts';

const executor = nativeExecutor(1);
const programs: Program[] = [];
async function compile(graph: OnnxGraph, options?: ProgramOptions): Promise<Program> {
  const program = await executor.compile(graph, options);
  programs.push(program);
  return program;
}
afterAll(() => Promise.all(programs.map((program) => program.release())));

/** y = x w, of any number of rows. */
function product(rows: number | string, weights: Parameters<typeof writeOnnx>[1]['weights']): OnnxGraph {
  const graph = new Graph();
  return writeOnnx({ y: matmul(graph.input('x', 'float32', [rows, 6]), graph.parameter('w', [6, 5])) }, { weights });
}

/** A failure in words for a person, behind which ONNX Runtime's own stand. */
const unable = (what: string, own: string | RegExp): object => ({
  kind: 'failure', message: expect.stringMatching(new RegExp(`^ONNX Runtime could not ${what} a computation of the model.*[.]$`)),
  cause: { message: expect.stringMatching(own) },
});

describe('ONNX Runtime by its C interface', () => {
  it('writes into the memory it is given, also where that is an input', async () => {
    const memory = new ParameterMemory([{ name: 'p', regions: [{ name: 'before', shape: [3, 7] }, { name: 'sum', shape: [3, 7] }] }]);
    const [before, sum] = ['before', 'sum'].map((region) => float32(memory.view('p', region), [3, 7]));
    memory.view('p', 'before').set(noise([3, 7], 1).data as Float32Array);
    const graph = new Graph();
    const program = await compile(writeOnnx({ sum: add(graph.input('so far', 'float32', [3, 7]), graph.input('x', 'float32', [3, 7])) }, { weights: 'inputs' }));
    for (let times = 1; times <= 3; times++) {
      const outputs = await program.run({ 'so far': sum!, x: before! }, { sum: sum! });
      expect(outputs['sum']).toBe(sum);
      expect(memory.view('p', 'sum')).toEqual(Float32Array.from(before!.data as Float32Array, (x) => Math.fround(x * times)));
    }
  });

  it('makes the outputs it is not given, in the sizes that the inputs have', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['rows', 4]);
    const rows = gatherRows(x, graph.input('index', 'int32', ['count']));
    const program = await compile(writeOnnx({ rows, best: argMax(rows, -1), whole: cast(mul(rows, 10), 'int32') }, { weights: 'inputs' }));
    const data = Float32Array.of(0, 1, 2, 3, 7, 6, 5, 4, 8, 11, 10, 9);
    for (const index of [[2], [1, 0, 1]]) {
      const { rows: found, best, whole } = await program.run({ x: float32(data, [3, 4]), index: int32(Int32Array.from(index), [index.length]) });
      const wanted = index.flatMap((row) => [...data.subarray(row * 4, row * 4 + 4)]);
      expect(found).toEqual(float32(Float32Array.from(wanted), [index.length, 4]));
      expect(best).toEqual({ dtype: 'int64', shape: [index.length], data: BigInt64Array.from(index, (row) => [3n, 0n, 1n][row]!) });
      expect(whole).toEqual(int32(Int32Array.from(wanted, (value) => 10 * value), [index.length, 4]));
    }
  });

  it('takes weights as inputs or as initializers, and computes what its JavaScript interface does, to the bit', async () => {
    const inputs: Record<string, Tensor> = { x: noise([9, 6], 2) };
    const weights = { w: noise([6, 5], 3), unused: noise([2], 4) };
    const { placement, initializers } = asInitializers(weights);
    const session = await InferenceSession.create(product('rows', 'inputs').bytes, { intraOpNumThreads: 1, graphOptimizationLevel: 'basic' });
    const result = await session.run(Object.fromEntries(Object.entries({ ...inputs, w: weights.w }).map(([name, { data, shape }]) => [name, new OrtTensor('float32', data as Float32Array, shape)])));
    const wanted: Tensor = float32(result['y']!.data as Float32Array, [9, 5]);
    await session.release();
    const fixed = await compile(product('rows', placement), { initializers });
    const free = await compile(product(9, 'inputs'), { optimize: 'none' });
    expect((await fixed.run(inputs))['y']).toEqual(wanted);
    expect((await free.run({ ...inputs, ...weights }))['y']).toEqual(wanted);
  });

  it('keeps initializers alive and in place while memory is collected around them', async () => {
    const { placement, initializers } = asInitializers({ w: noise([6, 5], 3) });
    const graph = product('rows', placement);
    const program = await compile(graph, { initializers });
    const wanted = (await program.run({ x: noise([2, 6], 5) }))['y'];
    for (let round = 0; round < 50; round++) {
      const garbage = Array.from({ length: 2000 }, (_, at) => new Float32Array(at % 32));
      expect(garbage).toHaveLength(2000);
      expect((await program.run({ x: noise([2, 6], 5) }))['y']).toEqual(wanted);
    }
  });

  it('runs several programs at once', async () => {
    const program = await compile(product('rows', 'inputs'));
    const w = noise([6, 5], 3);
    const sizes = [1, 2, 3, 4];
    const outputs = await Promise.all(sizes.map((rows) => program.run({ x: noise([rows, 6], 1), w })));
    expect(outputs.map(({ y }) => y!.shape)).toEqual(sizes.map((rows) => [rows, 5]));
  });

  it('says in words what is wrong', async () => {
    const graph = product(9, 'inputs');
    const program = await compile(graph);
    const [x, w] = [noise([9, 6], 1), noise([6, 5], 2)];
    await expect(program.run({ w })).rejects.toThrow('the input "x" is not given');
    await expect(program.run({ x })).rejects.toMatchObject(unable('run', 'Missing Input: w'));
    await expect(program.run({ x: noise([8, 6], 1), w })).rejects.toMatchObject(unable('run', /invalid dimensions.*x/is));
    await expect(executor.compile({ ...graph, bytes: graph.bytes.slice(0, 40) })).rejects.toMatchObject(unable('make ready', /protobuf/));
    const table = new Graph();
    const rows = await compile(writeOnnx({ rows: gatherRows(table.input('x', 'float32', ['rows', 4]), table.input('index', 'int32', ['count'])) }, { weights: 'inputs' }));
    await expect(rows.run({ x: noise([3, 4], 1), index: int32(Int32Array.of(400), [1]) })).rejects.toMatchObject({
      ...unable('run', 'idx=400 must be within'), message: 'ONNX Runtime could not run a computation of the model: its operator Gather failed.',
    });
    await program.release();
    await program.release();
    await expect(program.run({ x, w })).rejects.toThrow('the program has been released');
  });
});
