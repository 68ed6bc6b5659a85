import { expect, it, vi } from 'vitest';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { Graph } from '../../src-main/graph/value.ts';
import { add } from '../../src-main/graph/ops/elementwise.ts';
import { writeOnnx } from '../../src-main/graph/onnx/write.ts';
import { float32 } from '../../src-main/runtime/tensor.ts';

vi.mock('koffi', () => ({ default: { load: () => { throw new Error('no such library'); } } }));

it('falls back to the JavaScript interface where the library cannot be called, and says so once', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockReturnValue();
  const graph = new Graph();
  const onnx = writeOnnx({ y: add(graph.input('x', 'float32', [2]), graph.scalar(1)) }, { weights: 'inputs' });
  const into = float32(new Float32Array(2), [2]);
  for (const executor of [ortExecutor('cpu', 1), ortExecutor('cpu', 1)]) {
    const program = await executor.compile(onnx);
    expect((await program.run({ x: float32(Float32Array.of(1, 2), [2]) }, { y: into }))['y']).toBe(into);
    expect([...into.data]).toEqual([2, 3]);
    await program.release();
  }
  expect(warn).toHaveBeenCalledOnce();
  expect(warn.mock.calls[0]![0]).toMatch(/no such library/);
});
