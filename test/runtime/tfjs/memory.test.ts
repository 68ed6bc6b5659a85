import { expect, it } from 'vitest';
import { requireTfjs } from '../../../src-main/runtime/tfjs/find-tfjs.ts';
import { tfjsExecutor } from '../../../src-main/runtime/tfjs/executor.ts';
import { explained } from '../../../src-main/runtime/tfjs/failure.ts';
import { requires } from '../../support/requires.ts';
import { holds } from '../../support/walk.ts';

requires('tfjs')('memory of TensorFlow.js', () => {
  holds(() => tfjsExecutor(1));

  it('keeps what is written, whatever becomes of the host\'s memory, and integers of 64 bits that fit 32', () => {
    const memory = tfjsExecutor(1).memory!;
    const given = Float32Array.of(1, 2, 3);
    const tensor = memory.make('float32', [3]);
    const copy = memory.make('float32', [3]);
    memory.write(tensor, given);
    memory.copy(tensor, copy);
    given.fill(9);
    expect([...memory.read(tensor).data as Float32Array]).toEqual([1, 2, 3]);
    memory.write(tensor, given);
    expect([...memory.read(copy).data as Float32Array]).toEqual([1, 2, 3]);
    const long = memory.make('int64', [2]);
    memory.write(long, BigInt64Array.of(-5n, 2147483647n));
    expect([...memory.read(long).data as BigInt64Array]).toEqual([-5n, 2147483647n]);
    expect(() => { memory.write(long, BigInt64Array.of(0n, 2147483648n)); }).toThrow('no number of 32 bits');
    expect(() => memory.make('float16', [2])).toThrow('TensorFlow.js has no numbers of float16.');
    for (const one of [tensor, copy, long]) memory.release(one);
  });

  it('leaves no tensors of its own behind', () => {
    const memory = tfjsExecutor(1).memory!;
    const tf = requireTfjs(1);
    const before = tf.memory().numTensors;
    const tensor = memory.make('float32', [4]);
    const view = memory.view(tensor, [2]);
    memory.write(view, Float32Array.of(1, 2));
    memory.read(view);
    memory.copy(view, view);
    for (const one of [view, tensor]) memory.release(one);
    expect(tf.memory().numTensors).toBe(before);
  });
});

it.each([
  ['Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[9,9] and type float', 'The device "tfjs" has no memory left where it should keep a tensor.'],
  ['Invalid TF_Status: 13\nMessage: CUDA_ERROR_ILLEGAL_ADDRESS', 'The device "tfjs" was lost in the middle of a computation: its driver failed, or it was taken away.'],
  ['Invalid TF_Status: 3\nMessage: Matrix size-incompatible: In[0]: [2,3].', 'TensorFlow.js could not keep a tensor: Matrix size-incompatible: In[0]: [2,3].'],
])('says in one sentence what TensorFlow.js says: %s', (told, sentence) => {
  expect(() => { explained('keep a tensor', () => { throw new Error(told); }); }).toThrow(expect.objectContaining({ message: sentence, kind: 'failure' }));
});
