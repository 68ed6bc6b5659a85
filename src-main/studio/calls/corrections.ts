import { join } from 'node:path';
import type { Correction } from '../../contract/correction.ts';
import { Problem } from '../../contract/problem.ts';
import { writeJsonLines } from '../../data/write.ts';
import { insertCorrection, listCorrectionSets, readCorrections, removeCorrection } from '../../store/corrections.ts';
import { listRuns } from '../../store/runs.ts';
import type { Home } from '../../service/home.ts';
import { rowOf } from '../../service/corrections/mix-rows.ts';
import { prepareRepair, readMix } from '../../service/corrections/prepare-repair.ts';
import type { Feed } from '../feed.ts';
import type { CallsOf, Handlers } from '../handlers.ts';

/** Training pairs that a person has kept of mistakes. */
export function correctionCalls({ home: { path: home, database }, feed }: { home: Home; feed: Feed }): Handlers<CallsOf<'corrections'>> {
  const all = async (dataset: string): Promise<Correction[]> => {
    const corrections = await readCorrections(database, dataset, { offset: 0, limit: -1 });
    if (corrections.length === 0) throw new Problem(`There are no corrections in "${dataset}".`);
    return corrections;
  };
  return {
    'corrections.sets': () => listCorrectionSets(database),
    'corrections.list': ({ dataset, ...page }) => readCorrections(database, dataset, page),
    'corrections.keep': async (kept) => {
      const known = (await listCorrectionSets(database)).find(({ name }) => name === kept.dataset);
      if (known && known.isChat !== (kept.turns !== null)) {
        throw new Problem(`"${known.name}" has ${known.isChat ? 'chats' : 'plain prompts'} and this is ${known.isChat ? 'a plain prompt' : 'a chat'}.`, {
          hint: 'Keep it in another data set.',
        });
      }
      const correction = { ...kept, created: Date.now() };
      const id = await insertCorrection(database, correction);
      if (id === null) throw new Problem(`"${kept.dataset}" has this very correction already.`, { hint: 'Change the text, or keep another one.' });
      feed.publish({ topic: 'corrections' });
      return { id, ...correction };
    },
    'corrections.remove': async ({ id }) => {
      await removeCorrection(database, id);
      feed.publish({ topic: 'corrections' });
      return null;
    },
    'corrections.export': async ({ dataset, path, replace }) => {
      await writeJsonLines(path, (await all(dataset)).map((correction) => rowOf(correction)), { replace });
      return null;
    },
    'corrections.repair': async ({ dataset }) => prepareRepair(join(home, 'corrections'), dataset, await all(dataset), await listRuns(database)),
    'corrections.mix': ({ path }) => readMix(path),
  };
}
