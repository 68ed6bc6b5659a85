import { expect, it } from 'vitest';
import type { DeviceState } from '../../src-main/contract/device.ts';
import type { Bridge } from '../../src-renderer/bridge/bridge.ts';
import { DevicesState } from '../../src-renderer/state/devices.svelte.ts';

const of = (device: DeviceState['device'], computes: DeviceState['computes'], problem: string | null = null): DeviceState => (
  { device, problem, hint: null, name: device, memory: null, driver: null, isSoftware: false, uses: [], computes });

it('offers of each device what it multiplies in, exact products alone until that is known, and names those that compute here', async () => {
  const calls: string[] = [];
  const found = [of('cpu', ['fp32']), of('webgpu', ['fp32', 'fp16']), of('cuda', [], 'There is no NVIDIA driver on this machine.')];
  const bridge = { call: (name: string) => { calls.push(name); return Promise.resolve(found); }, subscribe: () => () => undefined } as unknown as Bridge;
  const devices = new DevicesState(bridge);
  expect(['cpu', 'webgpu', 'cuda'].map((device) => devices.computesOf(device))).toEqual([['fp32'], ['fp32'], ['fp32']]);
  devices.look();
  devices.look();
  await Promise.resolve();
  await Promise.resolve();
  expect(calls).toEqual(['devices.list']);
  expect(['cpu', 'webgpu', 'cuda'].map((device) => devices.computesOf(device))).toEqual([['fp32'], ['fp32', 'fp16'], []]);
  expect(devices.usable).toEqual(['cpu', 'webgpu']);
});

it.each([
  ['a card', [of('cpu', ['fp32']), of('webgpu', ['fp32'])], true],
  ['a processor in its place', [of('cpu', ['fp32']), { ...of('webgpu', ['fp32']), isSoftware: true }], false],
  ['a card that cannot be used', [of('cpu', ['fp32']), of('cuda', [], 'There is no NVIDIA driver on this machine.')], false],
] as const)('knows %s', async (_, found, hasCard) => {
  const devices = new DevicesState({ call: () => Promise.resolve(found), subscribe: () => () => undefined } as unknown as Bridge);
  expect(devices.hasCard).toBe(false);
  devices.look();
  await Promise.resolve();
  await Promise.resolve();
  expect(devices.hasCard).toBe(hasCard);
});
