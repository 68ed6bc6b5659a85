import { join } from 'node:path';
import { digestOfText } from '../../../files/digest.ts';
import { openServer } from '../../../remote/open-server.ts';
import { serverOf } from '../../../remote/server.ts';
import { SHORT } from '../../../remote/patience.ts';
import type { TokenServer } from '../../../remote/token-answers.ts';
import { Asker } from '../../../teacher/served/asker.ts';
import { Outage, type OutageTold } from '../../../teacher/served/outage.ts';
import { OwnAnswers } from '../../../teacher/served/own-answers.ts';
import { ServedTeacher } from '../../../teacher/served/served-teacher.ts';
import { ServedWriter } from '../../../teacher/served/served-writer.ts';
import { WrittenTexts } from '../../../teacher/served/written-texts.ts';
import { StateStore } from '../../../teacher/state-store.ts';
import type { PreparedRun } from '../look/prepare.ts';
import type { RunTeacher } from './run-teacher.ts';
import { folderOfServed } from './served-witness.ts';

/** Where a run keeps what its server answers, and what it says of it. */
export interface ServedPlace extends OutageTold {
  /** Of fixed texts: a folder that runs share. */
  cache: string;
  /** Of the student's own texts. */
  own: string;
  /** The run's own folder for what it notes of its server. */
  begun: string;
  /** The step that the run goes on from. */
  step: number;
  /** Whether it goes on, and may although the server has another model than it began with. */
  isResumed: boolean;
  allowChanged: boolean;
}

/** The teacher of a recipe that names a server. @throws Problem where the server cannot be reached, or does not have the model */
export async function openServedTeacher(run: PreparedRun, place: ServedPlace): Promise<RunTeacher> {
  const { recipe, serverKey, sharedVocabulary } = run;
  const settings = recipe.teacher!.server!;
  const opened = await openServer(serverOf(settings, serverKey, sharedVocabulary), SHORT);
  const { server, model, tokens } = opened;
  const outage = new Outage(place);
  const { patience, signal } = outage;
  const base = join(place.cache, 'teachers', keyOf({ url: settings.url, protocol: settings.protocol, model: model.id }));
  const folder = await folderOfServed(opened, run, { ...place, base });
  const during = <T>(work: () => Promise<T>): Promise<T> => outage.during(work);
  const writer = new ServedWriter({ server, model: model.id, tokens, kept: await WrittenTexts.open(folder), patience, signal, during });
  const own = await OwnAnswers.open(place.own, place.step);
  const judging: Pick<TokenServer, 'judge'> = tokens ?? { judge: elsewhere };
  const judge = new ServedTeacher({
    asker: new Asker(judging, settings.parallel, outage), topLogprobs: settings.topLogprobs, sharedVocabulary,
    // What is kept of a place depends on how much is told of it.
    answers: { fixed: await StateStore.open(join(folder, `top-${settings.topLogprobs}-of-${sharedVocabulary}`), 'F32'), own },
  });
  return {
    judge, writer, outage,
    kept: { teacher: judge, folder },
    model: elsewhere, atHand: () => null,
    rest: () => Promise.resolve(),
    saved: (step, oldest) => own.turn(step, oldest),
    release: () => {
      outage.end();
      return judge.release();
    },
  };
}

const elsewhere = (): Promise<never> => Promise.reject(new Error('the teacher is behind a server, and not here'));

/** Tells a model behind a server from every other that might answer otherwise. */
const keyOf = (who: { url: string; protocol: string; model: string }): string => digestOfText(JSON.stringify(who)).slice(0, 32);
