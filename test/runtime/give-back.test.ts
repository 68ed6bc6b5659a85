import { platform } from 'node:process';
import { describe, expect, it } from 'vitest';
import { writeOnnx } from '../../src-main/graph/onnx/write.ts';
import { add, mul } from '../../src-main/graph/ops/elementwise.ts';
import { sum } from '../../src-main/graph/ops/reduce.ts';
import { Graph } from '../../src-main/graph/value.ts';
import { PassingBytes } from '../../src-main/runtime/memory/passing-bytes.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { float32 } from '../../src-main/runtime/tensor.ts';

const MIB = 2 ** 20;
const resident = (): number => process.memoryUsage.rss() / MIB;

describe('memory that passes', () => {
  it('is zeros until it is released, and then no more', () => {
    const memory = new PassingBytes();
    const [first, second] = [memory.take(128 * MIB), memory.take(3)];
    expect([first.length, first.every((byte) => byte === 0), second.length]).toEqual([128 * MIB, true, 3]);
    first.fill(1);
    const before = resident();
    memory.release();
    expect([first.length, second.length]).toEqual([0, 0]);
    expect(before - resident()).toBeGreaterThan(100);
    memory.release();
  });
});

describe('an executor that gives back', () => {
  it.runIf(platform === 'linux')('holds nothing of what its programs computed in, and they compute on', async () => {
    const executor = ortExecutor('cpu', 1);
    const size = 32 * MIB;
    const x = new Graph().input('x', 'float32', [size]);
    // Both have to be there before they are one: 256 MiB.
    const program = await executor.compile(writeOnnx({ y: sum(mul(add(x, 1), add(x, 2)), [0]) }, { weights: 'inputs' }), { optimize: 'none' });
    const inputs = { x: float32(new Float32Array(size).fill(1), [size]) };
    const [{ y: first }, before] = [await program.run(inputs), resident()];
    executor.giveBack();
    expect(before - resident()).toBeGreaterThan(200);
    const { y: again } = await program.run(inputs);
    expect([...again!.data]).toEqual([...first!.data]);
    await program.release();
    executor.giveBack();
  });
});
