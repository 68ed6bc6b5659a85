import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { probeDevice } from '../../../src-main/devices/probe.ts';
import { executorFor } from '../../../src-main/model/load-model.ts';

const isBeside = ['tfjs-node', 'tfjs-node-gpu'].some((name) => existsSync(join('node_modules', '@tensorflow', name)));

it.skipIf(isBeside)('the device is refused in one sentence where TensorFlow.js is not installed', async () => {
  const nowhere = join(tmpdir(), 'there is no such folder');
  vi.stubEnv('RETORT_PEERS', nowhere);
  try {
    expect(() => executorFor('tfjs')).toThrow(expect.objectContaining({
      message: 'The device "tfjs" needs TensorFlow.js for Node, which is not installed.',
      hint: expect.stringContaining(`npm install --prefix ${JSON.stringify(nowhere)} @tensorflow/tfjs-node-gpu`) as string,
    }));
    expect(await probeDevice('tfjs')).toMatchObject({ problem: 'The device "tfjs" needs TensorFlow.js for Node, which is not installed.', uses: [] });
  } finally {
    vi.unstubAllEnvs();
  }
});
