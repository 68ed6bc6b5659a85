import { setTimeout as sleep } from 'node:timers/promises';
import type { DeviceState } from '../../contract/device.ts';
import { DEVICES, type Device } from '../../contract/divergence.ts';
import type { Commands } from '../../contract/worker.ts';
import type { WorkerHost } from '../../contract/worker-host.ts';

/** Seconds that a driver is waited for. */
const DEADLINE = 60;

/**
 * Every device, tried in a process of its own: what its driver does there ends nobody's work.
 * @param newWorker  starts such a process. @param deadline  seconds for each
 */
export function findDevices(newWorker: () => WorkerHost<Commands>, deadline?: number): Promise<DeviceState[]> {
  return Promise.all(DEVICES.map(async (device) => (await triedDevice(device, newWorker(), deadline)).state));
}

/** @param worker  tries it and is ended. @returns `isAlive`: whether its driver let that process answer */
export async function triedDevice(device: Device, worker: WorkerHost<Commands>, deadline = DEADLINE): Promise<{ state: DeviceState; isAlive: boolean }> {
  const answered = new AbortController();
  const answer = worker.request('device', { device }).then((state) => ({ state, isAlive: true }));
  const gone = (does: string): { state: DeviceState; isAlive: boolean } => ({ state: failed(device, does), isAlive: false });
  const late = sleep(deadline * 1000, null, { signal: answered.signal }).catch(() => null).then(() => gone(`did not answer within ${deadline} s`));
  try {
    return await Promise.race([answer.catch(() => gone('ended the process that tried it')), late]);
  } finally {
    answered.abort();
    worker.kill();
    await worker.ended;
  }
}

function failed(device: Device, does: string): DeviceState {
  return {
    device, name: null, memory: null, driver: null, isSoftware: false, uses: [], computes: [],
    problem: `The driver of the device "${device}" ${does}.`,
    hint: 'Update the driver, or start the machine anew; the device "cpu" always works.',
  };
}
