import { expect, it } from 'vitest';
import { COMPUTES, COMPUTES_ON, computesOfCard } from '../../src-main/contract/compute.ts';
import { DEVICES } from '../../src-main/contract/divergence.ts';
import { refuseUnknown, tryProducts } from '../../src-main/devices/try-products.ts';
import { cudaOptions } from '../../src-main/runtime/ort/native/provider.ts';
import { nativeExecutor, standInExecutor } from '../../src-main/runtime/ort/native/executor.ts';
import type { Executor } from '../../src-main/runtime/program.ts';
import { requires } from '../support/requires.ts';

it.each(COMPUTES_ON.cpu)('the processor multiplies in %s', async (compute) => {
  await tryProducts(nativeExecutor(1), compute, null);
});

it.each(DEVICES.flatMap((device) => COMPUTES.map((compute) => [device, compute] as const)))('%s in %s is refused by its kind where it is never there', (device, compute) => {
  const look = (): void => { refuseUnknown(device, compute, null); };
  if (COMPUTES_ON[device].includes(compute)) expect(look).not.toThrow();
  else expect(look).toThrow(`train.compute is ${compute}, and the device "${device}" has no such products.`);
});

it.each([[7.5, ['fp32', 'fp16']], [8, COMPUTES], [8.9, COMPUTES], [9, COMPUTES]] as const)('a card of NVIDIA\'s generation %d has its own', (capability, known) => {
  expect(computesOfCard(capability)).toEqual(known);
  for (const compute of COMPUTES) {
    const look = (): void => { refuseUnknown('cuda', compute, capability); };
    if ((known as readonly string[]).includes(compute)) expect(look).not.toThrow();
    else expect(look).toThrow(`train.compute is ${compute}, and this card, which NVIDIA counts as ${capability.toFixed(1)}, has no such products.`);
  }
});

it('a device that comes to another result is refused', async () => {
  const sound = standInExecutor(1, 'cuda');
  const wrong: Executor = {
    ...sound, compile: async (graph, options) => {
      const program = await sound.compile(graph, options);
      return { graph, bind: program.bind.bind(program), release: () => program.release(), run: async (inputs) => {
        const { y } = await program.run(inputs);
        (y!.data as Float32Array)[5]! += 1;
        return { y: y! };
      } };
    },
  };
  await expect(tryProducts(wrong, 'bf16', 9)).rejects.toThrow('The device "cuda" multiplies wrongly in bf16.');
});

it('asks NVIDIA\'s provider for tf32 where a program allows it, and never otherwise', async () => {
  expect(cudaOptions(true)).toEqual({ use_tf32: '1' });
  expect(cudaOptions(false)).toEqual({ use_tf32: '0' });
  const asked: (boolean | undefined)[] = [];
  const sound = standInExecutor(1, 'cuda');
  const noting: Executor = { ...sound, compile: (graph, options) => {
    asked.push(options?.allowsTf32);
    return sound.compile(graph, options);
  } };
  for (const compute of ['fp32', 'tf32', 'bf16'] as const) await tryProducts(noting, compute, 9);
  expect(asked).toEqual([false, true, false]);
});

requires('vulkan')('a card in software', () => {
  it('has no half precision, and says so', async () => {
    await tryProducts(nativeExecutor(1, 'webgpu'), 'fp32', null);
    await expect(tryProducts(nativeExecutor(1, 'webgpu'), 'fp16', null)).rejects.toThrow('The device "webgpu" does not multiply in fp16: this card or its driver has no such numbers.');
  });
});
