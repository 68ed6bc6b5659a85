import type { OrtDevice } from '../../../contract/divergence.ts';
import type { Executor } from '../../program.ts';
import { standInExecutor, type Trouble } from './executor.ts';

/**
 * Named by tests that need a device where there is none: `sound`, `losable` (the driver gives up once RETORT_TEST_LOST is set) or
 * `room BYTES`. Every device but the CPU is then one that stands in for it.
 */
const NAME = 'RETORT_TEST_DEVICE';

const known = new Map<string, Executor>();

/** Null where no test asks for one. The same memory at every call, as a process has one device of a kind. */
export function testDevice(device: OrtDevice, threads: number): Executor | null {
  const told = process.env[NAME];
  if (told === undefined || device === 'cpu') return null;
  const key = `${device} ${told}`;
  const executor = known.get(key) ?? standInExecutor(threads, device, troubleOf(told));
  known.set(key, executor);
  return executor;
}

function troubleOf(told: string): Trouble {
  const [kind, count] = told.split(' ');
  switch (kind) {
    case 'losable': return { onRun: () => { if (process.env['RETORT_TEST_LOST'] !== undefined) throw new Error('device was lost'); } };
    case 'room': return { room: Number(count) };
    default: return {};
  }
}
