import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Correction } from '../../../contract/correction.ts';
import { Problem } from '../../../contract/problem.ts';
import { writeJsonLines } from '../../../data/write.ts';
import { insertCorrection, listCorrectionSets, readCorrections, removeCorrection } from '../../../store/corrections.ts';
import type { Home } from '../../home.ts';
import { newRunId } from '../../ids.ts';
import type { Feed } from '../feed.ts';
import type { CallsOf, Handlers } from '../handlers.ts';

/** Training pairs that a person has kept of mistakes. */
export function correctionCalls({ home: { path: home, database }, feed }: { home: Home; feed: Feed }): Handlers<CallsOf<'corrections'>> {
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
      feed.publish({ topic: 'corrections' });
      return { id, ...correction };
    },
    'corrections.remove': async ({ id }) => {
      await removeCorrection(database, id);
      feed.publish({ topic: 'corrections' });
      return null;
    },
    'corrections.export': async ({ dataset, path, replace }) => {
      const corrections = await readCorrections(database, dataset, { offset: 0, limit: -1 });
      if (corrections.length === 0) throw new Problem(`There are no corrections in "${dataset}".`);
      // A file of its own each time: a run's data must not change when more is kept later.
      const place = path ?? join(home, 'corrections', `${dataset.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')}-${newRunId()}.jsonl`);
      if (path === undefined) await mkdir(dirname(place), { recursive: true });
      await writeJsonLines(place, corrections.map(rowOf), { replace });
      return { path: place, isChat: corrections[0]!.turns !== null };
    },
  };
}

function rowOf({ prompt, turns, completion, written }: Correction): object {
  return turns ? { messages: [...turns, { role: 'assistant', content: completion }], written } : { prompt, completion, written };
}
