import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { InspectedPair } from '../../../src-main/service/inspect/open-pair.ts';
import { executorFor } from '../../../src-main/model/load-model.ts';
import type { DeviceMemory, DeviceTensor } from '../../../src-main/runtime/device/device-memory.ts';
import { tinyProject, type TinyProject } from '../../support/tiny-project.ts';

let project: TinyProject;
beforeAll(async () => { project = await tinyProject(); });
afterAll(() => project.remove());
afterEach(() => { delete process.env['RETORT_TEST_DEVICE']; });

const ROOM = 1_000_000;
const PROMPTS = [{ id: 0, tokens: Int32Array.of(1, 2, 3) }];
const write = (pair: InspectedPair): Promise<unknown> => pair.write('student', PROMPTS, { maxNewTokens: 4, sampling: { strategy: 'greedy' } });

/** Another's tensor, which leaves nothing free. */
const fill = (memory: DeviceMemory): DeviceTensor => memory.make('float32', [Math.floor((ROOM - memory.bytes) / 4)]);

it('a pair that could not write for want of room writes when there is room', async () => {
  process.env['RETORT_TEST_DEVICE'] = `room ${ROOM}`;
  const memory = executorFor('webgpu').memory!;
  const pair = await InspectedPair.open(project.student, project.teacher, 'webgpu');
  const other = fill(memory);
  await expect(write(pair)).rejects.toThrow('has no memory left');
  memory.release(other);
  expect(await write(pair)).toHaveLength(1);
  await pair.release();
  expect(memory.bytes).toBe(0);
});

it('a pair of which one model has no room leaves nothing of the other', async () => {
  process.env['RETORT_TEST_DEVICE'] = `room ${ROOM}`;
  const memory = executorFor('webgpu').memory!;
  const { student } = project;
  const whole = await InspectedPair.open(student, project.teacher, 'webgpu');
  const both = memory.bytes;
  await whole.release();
  process.env['RETORT_TEST_DEVICE'] = `room ${both - 4}`;
  await expect(InspectedPair.open(student, project.teacher, 'webgpu')).rejects.toThrow('has no memory left');
  expect(executorFor('webgpu').memory!.bytes).toBe(0);
});
