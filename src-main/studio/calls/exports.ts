import { existsSync } from 'node:fs';
import { basename, isAbsolute, resolve } from 'node:path';
import { inOrder } from '../../contract/export-parts.ts';
import { Problem } from '../../contract/problem.ts';
import { checkPlace } from '../../model/write-folder.ts';
import { listExports, removeExport } from '../../store/exports.ts';
import { peersFolder } from '../../store/home.ts';
import { askOf, freshFolder, keepExport } from '../../service/export/ask.ts';
import { EXPORT_REPORT } from '../../service/export/folder.ts';
import type { Home } from '../../service/home.ts';
import { newRunId } from '../../service/ids.ts';
import { installLlama, llamaState } from '../../service/peers/install-llama.ts';
import type { Feed } from '../feed.ts';
import type { CallsOf, Handlers } from '../handlers.ts';
import type { Jobs } from '../jobs.ts';
import type { Workers } from '../workers.ts';
import { whileWriting } from '../../service/keeping/writing.ts';

export function exportCalls({ home, workers, jobs, feed }: { home: Home; workers: Workers; jobs: Jobs; feed: Feed }): Handlers<CallsOf<'exports'>> {
  const { database } = home;
  return {
    'exports.list': async () => (await listExports(database)).map((record) => ({ ...record, isThere: existsSync(record.folder) })),
    'exports.place': async ({ name }) => ({ path: freshFolder(home.path, name) }),
    'exports.start': async ({ subject, replace, ...params }) => {
      // The person does not see which folder this program was started in.
      if (!isAbsolute(params.to)) throw new Problem(`${params.to} is not a whole path.`, { hint: 'Begin at the root of the disk.' });
      const to = resolve(params.to);
      const parts = inOrder(params.parts);
      if (!replace && existsSync(to)) return { jobId: null, taken: true };
      checkPlace(to, EXPORT_REPORT);
      const { run, step, ...asked } = await askOf(database, subject);
      const jobId = newRunId();
      const going = jobs.run('export', basename(to), async (tell, signal, _warn, onReading) => {
        const report = await whileWriting(home.path, to, () => workers.job((host) => host.request('export', { ...asked, to, parts, replace, peers: peersFolder(home.path) },
          { signal, onReading, onEvent: ({ done, total }) => tell(done, total) })));
        await keepExport(database, { run, step, ...asked }, parts, report);
        feed.publish({ topic: 'exports' });
      }, jobId);
      // The job itself tells every window what became of it.
      going.catch(() => undefined);
      return { jobId, to, taken: false };
    },
    'exports.llama': async () => llamaState(peersFolder(home.path)),
    'exports.installLlama': () => jobs.run('download', 'node-llama-cpp', async (_tell, signal) => {
      await installLlama(peersFolder(home.path), signal);
      return null;
    }),
    'exports.remove': async ({ id }) => {
      await removeExport(database, id);
      feed.publish({ topic: 'exports' });
      return null;
    },
  };
}
