import { once } from 'node:events';
import { open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { acquireLock } from '../../src-main/run-folder/run-lock.ts';

const [, , task, folder = ''] = process.argv;

if (task === 'hold') {
  await acquireLock(folder, 'Run folder');
  process.send?.('held');
  setInterval(() => undefined, 1000);
} else {
  // Takes and gives back the lock for a while, and looks each time that nobody else is inside.
  process.send?.('ready');
  await once(process, 'message');
  const count = { taken: 0, refused: 0, shared: 0 };
  for (let round = 0; round < 60; round += 1) {
    try {
      const lock = await acquireLock(folder, 'Run folder');
      count.taken += 1;
      try {
        await (await open(join(folder, 'inside'), 'wx')).close();
        await sleep(2);
        await unlink(join(folder, 'inside'));
      } catch {
        count.shared += 1;
      }
      await lock.release();
    } catch {
      count.refused += 1;
    }
    await sleep(Math.random() * 4);
  }
  process.send?.(count, () => process.disconnect());
}
