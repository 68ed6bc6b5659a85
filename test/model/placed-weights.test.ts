import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { layOut } from '../../src-main/distill/batch.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { bytesKept, keptWeights } from '../../src-main/model/frozen/kept.ts';
import { openFrozen } from '../../src-main/model/frozen/open-frozen.ts';
import { openModel } from '../../src-main/model/folder.ts';
import { listParameters } from '../../src-main/nn/build.ts';
import { isOnDevice, type DeviceMemory } from '../../src-main/runtime/device/device-memory.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { standInExecutor } from '../../src-main/runtime/ort/native/executor.ts';
import { hostTensor, type StoredTensor, type TensorData } from '../../src-main/runtime/tensor.ts';
import { hostWeights } from '../../src-main/runtime/weights.ts';

const PATH = join('test/fixtures/engine/models/llama');
const standIn = standInExecutor(1);

/** The same memory, with all that was written to it. */
function watched(memory: DeviceMemory): { memory: DeviceMemory; written: TensorData[]; most(): number } {
  const written: TensorData[] = [];
  let most = 0;
  const write = memory.write.bind(memory);
  const spy: DeviceMemory = Object.create(memory, {
    make: { value: memory.make.bind(memory) }, release: { value: memory.release.bind(memory) },
    write: { value: (...args: Parameters<DeviceMemory['write']>) => {
      written.push(args[1]);
      most = Math.max(most, written.reduce((sum, { byteLength }) => sum + byteLength, 0));
      write(...args);
    } },
  }) as DeviceMemory;
  return { memory: spy, written, most: () => most };
}

async function open(precision: 'fp32' | 'fp16' | 'int8' | 'int4', memory: DeviceMemory | null) {
  const files = await openModel(PATH);
  const parameters = listParameters(files.config);
  const settings = { precision, readsStored: false } as const;
  return { ...await openFrozen(files, parameters, { ...settings, memory }), bytes: bytesKept(keptWeights(files, parameters, settings)) };
}

const [batch] = layOut([{ index: 0, prompt: Int32Array.of(3, 9, 4), completion: Int32Array.of(7, 5, 8, 2), isOnPolicy: false }], 1, 'token', null);

describe.each(['fp32', 'fp16', 'int8', 'int4'] as const)('a model in %s that is opened for a device', (precision) => {
  it('lies there alone, with the numbers that the host would have, and goes with its release', async () => {
    const memory = standIn.memory!;
    const before = memory.bytes;
    const [there, here] = [await open(precision, memory), await open(precision, null)];
    expect(Object.keys(there.weights)).toEqual(Object.keys(here.weights));
    for (const [name, tensor] of Object.entries(there.weights)) {
      if (!isOnDevice<StoredTensor>(tensor)) throw new Error(`${name} is on the host`);
      expect(memory.read(tensor), name).toEqual(hostTensor(hostWeights(here.weights)[name]!));
    }
    expect(memory.bytes - before).toBe(there.bytes.own + there.bytes.mapped);
    expect(() => hostWeights(there.weights)).toThrow('lies on a device, and is read on the host');
    there.release();
    expect(memory.bytes).toBe(before);
  });

  it('thinks what it thinks on the host', async () => {
    const [there, here] = [await open(precision, standIn.memory), await open(precision, null)];
    const [onDevice, onHost] = [new FrozenModel(standIn, there.decoder, there.weights, { letGo: there.release }), new FrozenModel(ortExecutor('cpu', 1), here.decoder, here.weights)];
    const bytes = standIn.memory!.bytes;
    const [found, wanted] = [(await onDevice.hidden(batch!)).data as Float32Array, (await onHost.hidden(batch!)).data as Float32Array];
    for (const [at, value] of wanted.entries()) expect(Math.abs(found[at]! - value)).toBeLessThan(1e-4 * Math.max(1, Math.abs(value)));
    // Nothing is brought a second time.
    expect(standIn.memory!.bytes).toBe(bytes);
    await onDevice.release();
    await onHost.release();
  });
});

it.each(['fp32', 'fp16'] as const)('what a model in %s was read into is given back, one weight after the other', async (precision) => {
  const { memory, written, most } = watched(standIn.memory!);
  const opened = await open(precision, memory);
  const sizes = Object.values(opened.weights).map((tensor) => tensor.shape.reduce((product, dim) => product * dim, 1));
  expect(written).toHaveLength(sizes.length);
  expect(written.map(({ byteLength }) => byteLength)).toEqual(written.map(() => 0));
  expect(most()).toBe(Math.max(...Object.values(opened.weights).map((tensor) => standIn.memory!.read(tensor as Parameters<DeviceMemory['read']>[0]).data.byteLength)));
  opened.release();
});

it('a model that its device has no room for leaves nothing there', async () => {
  const small = standInExecutor(1, 'webgpu', { room: 6000 }).memory!;
  await expect(open('fp32', small)).rejects.toThrow('has no memory left');
  expect(small.bytes).toBe(0);
});
