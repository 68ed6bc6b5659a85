import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEVICES, type Device } from '../../../src-main/contract/divergence.ts';
import { COMMANDS, type Commands } from '../../../src-main/contract/worker.ts';
import type { WorkerHost } from '../../../src-main/contract/worker-host.ts';
import { probeDevice } from '../../../src-main/devices/probe.ts';
import { findDevices } from '../../../src-main/service/devices/find-devices.ts';
import { TriedDevices } from '../../../src-main/service/devices/tried-devices.ts';
import { childHost } from '../../../src-main/worker/child-host.ts';
import { createHandlers } from '../../../src-main/worker/handlers.ts';
import { memoryHost } from '../../../src-main/worker/memory-host.ts';

/** Seconds in which a process has compiled all that it needs, four at a time, whatever else the machine does. */
const LONG = 500;
const child = (): WorkerHost<Commands> => childHost(join(import.meta.dirname, 'aborting-child.ts'), COMMANDS, { execArgv: ['--import', import.meta.resolve('tsx')], readyTimeoutMs: 1000 * LONG });

it('tries every device in a process of its own, which ends', async () => {
  const hosts: WorkerHost<Commands>[] = [];
  const found = await findDevices(() => {
    const host = memoryHost(COMMANDS, createHandlers());
    hosts.push(host);
    return host;
  }, LONG);
  expect(found.map(({ device }) => device)).toEqual([...DEVICES]);
  expect(found[0]!.problem).toBeNull();
  expect(hosts).toHaveLength(DEVICES.length);
  expect(hosts.every(({ isUsable }) => !isUsable)).toBe(true);
});

it('says that a driver has ended its process, and goes on', async () => {
  const found = await findDevices(child, LONG);
  expect(found.map(({ device, problem }) => [device, problem])).toEqual([
    ['cpu', null], ['webgpu', 'The driver of the device "webgpu" ended the process that tried it.'], ['cuda', 'The driver of the device "cuda" ended the process that tried it.'],
    ['tfjs', 'The driver of the device "tfjs" ended the process that tried it.'],
  ]);
});

describe('before a run', () => {
  const on = (device: Device) => ({ student: { model: 'nowhere', device }, teacher: undefined });

  it('a device whose driver ends the process that tries it is a sentence, and is tried anew the next time', async () => {
    let started = 0;
    const devices = new TriedDevices(() => {
      started += 1;
      return child();
    }, LONG);
    for (const count of [1, 2]) {
      await expect(devices.require(on('webgpu'))).rejects.toMatchObject({ message: 'The driver of the device "webgpu" ended the process that tried it.', hint: expect.stringContaining('"cpu" always works') as string });
      expect(started).toBe(count);
    }
  });

  it('one that lives is tried once, what it lacks is for the checks, and a processor is not tried', async () => {
    let started = 0;
    const devices = new TriedDevices(() => {
      started += 1;
      return memoryHost(COMMANDS, { ...createHandlers(), device: async ({ device }) => ({ ...await probeDevice('cpu'), device, problem: 'It is not there.', hint: null }) });
    });
    await Promise.all([devices.require(on('cpu')), devices.require(on('cuda')), devices.require(on('cuda'))]);
    await devices.require({ ...on('cpu'), teacher: { model: 'nowhere', device: 'cuda', precision: 'fp32', cache: false } });
    expect(started).toBe(1);
    devices.forget();
    await devices.require(on('cuda'));
    expect(started).toBe(2);
  });
});

it('gives up a driver that does not answer', async () => {
  const never = new Promise<never>(() => undefined);
  const found = await findDevices(() => memoryHost(COMMANDS, { ...createHandlers(), device: () => never }), 0.05);
  for (const { device, problem } of found) expect(problem).toBe(`The driver of the device "${device}" did not answer within 0.05 s.`);
});
