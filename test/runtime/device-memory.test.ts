import { describe, expect, it } from 'vitest';
import { nativeExecutor, standInExecutor } from '../../src-main/runtime/ort/native/executor.ts';
import { float32 } from '../../src-main/runtime/tensor.ts';
import { requires } from '../support/requires.ts';
import { holds, onHost, walk, W, X, Y } from '../support/walk.ts';

const standIn = standInExecutor(1);
describe('the device that stands in for one', () => {
  holds(() => standIn);

  it('computes what the host computes, to the bit', async () => {
    const program = await walk(standIn);
    const w = standIn.memory!.make('float32', [4, 3]);
    standIn.memory!.write(w, W.data);
    const bound = program.bind({ w, x: X, y: Y, rate: float32(Float32Array.of(0.1), []) }, { before: float32(new Float32Array(1), []), 'new w': w });
    for (let step = 0; step < 5; step++) await bound.run();
    expect(standIn.memory!.read(w).data).toEqual((await onHost(5)).w);
  });
});

requires('vulkan')('WebGPU', () => {
  holds(() => nativeExecutor(1, 'webgpu'));

  it('says that it has no room, where ONNX Runtime says that it had', () => {
    const { memory } = nativeExecutor(1, 'webgpu');
    const held = memory!.bytes;
    expect(() => memory!.make('float32', [2 ** 20, 2 ** 11])).toThrow(/^The device "webgpu" has no memory left where it keeps a tensor of 8192 MiB[.]$/);
    expect(memory!.bytes).toBe(held);
  });
});

it('binds tensors of the host where the device is the host', async () => {
  const { before, w } = await onHost(3);
  const program = await walk(nativeExecutor(1));
  let at: Float32Array = Float32Array.from(W.data as Float32Array);
  for (const wanted of before) {
    const told = await program.run({ w: float32(at, [4, 3]), x: X, y: Y, rate: float32(Float32Array.of(0.1), []) });
    expect((told['before']!.data as Float32Array)[0]).toBe(wanted);
    at = told['new w']!.data as Float32Array;
  }
  expect(at).toEqual(w);
});
