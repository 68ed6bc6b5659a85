import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { basename, join, parse, resolve, sep } from 'node:path';
import type { KnownModel } from '../../contract/api/api.ts';
import { Problem, toReport, type ProblemReport } from '../../contract/problem.ts';
import type { ModelDescription } from '../../contract/model-description.ts';
import { isModel } from '../../model/is-model.ts';
import { readOrigin } from '../../model/student-origin.ts';
import { listModels, putModel, removeModel, renameModel, type ModelRow } from '../../store/models.ts';
import type { Home } from '../../service/home.ts';
import { newRunId } from '../../service/ids.ts';
import { moveToTrash } from '../../service/keeping/trash.ts';
import { uploadsFolder } from '../../service/keeping/uploads.ts';
import { refuseGoing, useOf } from '../../service/keeping/use.ts';
import type { Feed } from '../feed.ts';
import type { CallsOf, Handlers } from '../handlers.ts';
import type { Jobs } from '../jobs.ts';
import type { RunQueue } from '../run-queue.ts';
import { TrainedModels } from '../trained-models.ts';
import type { Workers } from '../workers.ts';
import { whileWriting } from '../../service/keeping/writing.ts';

export function modelCalls({ home, workers, queue, jobs, feed }: { home: Home; workers: Workers; queue: RunQueue; jobs: Jobs; feed: Feed }): Handlers<CallsOf<'models'>> {
  const { database } = home;
  const ownFolder = join(home.path, 'models');
  const describe = (model: string): Promise<ModelDescription> => workers.ask('describe', { model });
  const trained = new TrainedModels(database, describe);
  const isOwn = (path: string): boolean => path.startsWith(ownFolder + sep);
  const known = async (row: ModelRow): Promise<KnownModel> => {
    const problem = missing(row.path);
    return { ...row, problem, description: problem ? null : row.description, isOwn: isOwn(row.path), checkpoint: null, origin: await readOrigin(row.path) };
  };
  const add = async (path: string, name: string): Promise<KnownModel> => {
    const row = { path, name, added: Date.now(), description: await describe(path) };
    await putModel(database, row);
    feed.publish({ topic: 'models' });
    return known(row);
  };
  /** A place of this name where there is nothing yet. @param extension  of a file, '' of a folder */
  const freshPlace = (name: string, extension = ''): string => {
    const base = name.toLowerCase().replaceAll(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+/, '') || 'model';
    for (let count = 1; ; count++) {
      const path = join(ownFolder, `${count === 1 ? base : `${base}-${count}`}${extension}`);
      if (!existsSync(path)) return path;
    }
  };
  /** Where a model stays: a file that was dropped on a browser's page is only a copy, which becomes the model's own file. */
  const keep = async (path: string): Promise<string> => {
    if (!path.startsWith(uploadsFolder(home.path) + sep)) return path;
    // Looked at before anything is moved.
    await describe(path);
    const { name, ext } = parse(path);
    const to = freshPlace(name, ext);
    await mkdir(ownFolder, { recursive: true });
    await rename(path, to);
    return to;
  };

  return {
    'models.list': async () => [...await Promise.all((await listModels(database)).map(known)), ...await trained.list()],
    'models.add': async ({ path, name }) => add(await keep(resolve(path)), name ?? basename(resolve(path))),
    'models.import': ({ path, name, precision }) => jobs.run('import', name, async (tell, signal, warn) => {
      const to = freshPlace(name);
      const { warnings } = await whileWriting(home.path, to, () => workers.job((host) => host.request('import', { source: path, to, precision }, { signal, onEvent: ({ done, total }) => tell(done, total) })));
      warn(warnings);
      return add(to, name);
    }),
    'models.makeStudent': ({ teacher, name, layers, width }) => jobs.run('make-student', name, async (tell, signal) => {
      const to = freshPlace(name);
      await whileWriting(home.path, to, () => workers.job((host) => host.request('makeStudent', { teacher, layers, width, to }, { signal, onEvent: ({ done, total }) => tell(done, total) })));
      return add(to, name);
    }),
    'models.rename': async ({ path, name }) => {
      await renameModel(database, path, name);
      feed.publish({ topic: 'models' });
      return null;
    },
    'models.remove': async ({ path, withFiles }) => {
      const row = (await listModels(database)).find((model) => model.path === path);
      if (!row) throw new Problem(`No model ${path} in the list.`);
      if (withFiles) {
        if (!isOwn(row.path)) throw new Problem('This folder is your own, so Retort does not delete it.', { hint: 'Remove the model from the list only.' });
        refuseGoing(await useOf(home, path, new Set(queue.live().map(({ runId }) => runId))));
      }
      const trash = newRunId();
      await moveToTrash(home, { id: trash, kind: 'model', title: row.name, path, withFiles, content: row });
      await removeModel(database, path);
      feed.publish({ topic: 'models' });
      return { trash };
    },
    'models.pair': (params) => workers.ask('pair', params),
    'models.generate': async (params) => {
      const { text } = await workers.ask('generate', { ...params, device: 'cpu', system: null });
      return { text };
    },
  };
}

/** Only what can be seen at a glance: a whole check happens where the model is used. */
function missing(path: string): ProblemReport | null {
  if (isModel(path)) return null;
  return toReport(new Problem(existsSync(path) ? `${path} has no config.json any more.` : `${path} is gone.`, {
    hint: 'Put it back, or remove the model from the list.',
  }));
}
