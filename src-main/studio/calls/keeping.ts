import { resolve } from 'node:path';
import { listTrash } from '../../store/trash.ts';
import type { Home } from '../../service/home.ts';
import { diskUse } from '../../service/keeping/disk.ts';
import { empty, restore } from '../../service/keeping/trash.ts';
import { useOf } from '../../service/keeping/use.ts';
import type { Feed } from '../feed.ts';
import type { CallsOf, Handlers } from '../handlers.ts';
import type { RunQueue } from '../run-queue.ts';

export function keepingCalls({ home, queue, feed }: { home: Home; queue: RunQueue; feed: Feed }): Handlers<CallsOf<'keeping'>> {
  const tell = (): null => {
    for (const topic of ['models', 'runs', 'inspections', 'comparisons', 'exports'] as const) feed.publish({ topic });
    return null;
  };
  return {
    'keeping.trash': async () => (await listTrash(home.database)).map(({ id, at, kind, title, bytes }) => ({ id, at, kind, title, bytes })),
    'keeping.restore': async ({ ids }) => {
      for (const id of ids) await restore(home, id);
      return tell();
    },
    'keeping.empty': async ({ ids }) => {
      await empty(home, ids);
      return tell();
    },
    'keeping.use': ({ path }) => useOf(home, resolve(path), new Set(queue.live().map(({ runId }) => runId))),
    'keeping.disk': () => diskUse(home.path),
  };
}
