import { setTimeout as sleep } from 'node:timers/promises';
import type { RunEvent } from '../../contract/events.ts';
import { UNBEGUN } from '../../contract/handover.ts';
import type { RunRecord } from '../../contract/history.ts';
import { fromReport, Problem, toReport } from '../../contract/problem.ts';
import type { Recipe } from '../../contract/recipe.ts';
import { openWholeModel } from '../../model/load-model.ts';
import { HistoryRecorder, type Recorded } from '../../store/history-recorder.ts';
import { createRun, findRun, setEngine, setStatus } from '../../store/runs.ts';
import { forgetTold } from '../../store/truncate.ts';
import type { Tokenizer } from '../../text/tokenizer/tokenizer.ts';
import { listCheckpoints, modelOf } from '../../run-folder/checkpoint-folder.ts';
import type { Home } from '../home.ts';
import { readRecipe } from '../recipe/recipe-file.ts';
import { runPaths } from '../../run-folder/run-folder.ts';
import { acquireLock } from '../../run-folder/run-lock.ts';
import { noteRunId } from '../run/record/known-as.ts';
import { knownRun } from './known-run.ts';
import { Shrunk } from './line-tail.ts';
import { SignsOfLife } from './signs-of-life.ts';
import type { Telling } from './told-events.ts';
import { ToldLines } from './told-lines.ts';

/** Milliseconds between two looks: a shared folder tells nobody of its changes. */
const LOOK_EVERY = 1000;

export interface FollowOptions {
  /** Whether to wait for what is still to come; what is there already is read in any case. */
  waits: boolean;
  /** Milliseconds without a sign of life after which a training counts as dead. */
  quiet?: number;
  signal?: AbortSignal;
  onEvent?(event: RunEvent): void;
  /** Told what can be read from the history now. */
  onWritten?(events: readonly Recorded[]): void;
}

/** A training elsewhere that has a place in the history, not yet read. */
export interface AdoptedTraining { run: RunRecord; recipe: Recipe; telling: Telling }

/** Takes the run folder of a training elsewhere into the history, or finds it there. @throws Problem where its recipe or tokenizer cannot be read */
export async function enterTraining(home: Home, runDir: string): Promise<AdoptedTraining> {
  const { database } = home;
  const recipe = await readRecipe(runPaths(runDir).recipe);
  const { known, id } = await knownRun(database, runDir);
  if (!known) {
    await createRun(database, { id, name: recipe.name, recipe, runDir });
    await setEngine(database, id, UNBEGUN);
    await noteRunId(runDir, id).catch(() => undefined);
  }
  return { run: await findRun(database, id), recipe, telling: { recipe, runId: id, runDir, tokenizer: await tokenizerFor(recipe, runDir) } };
}

/**
 * Reads what a training elsewhere has told, from its beginning, and what it tells as it goes on, until it has ended.
 * The run's history becomes what its folder says.
 * @returns whether it has come to an end, whatever that was, and how many bytes of its events that took
 * @throws Problem where the folder is followed by another program, holds what no training tells, or the training is dead; the reason of `signal`
 */
export async function followTraining({ database }: Home, { run, telling }: AdoptedTraining, { waits, quiet, signal, onEvent, onWritten }: FollowOptions): Promise<{ hasEnded: boolean; bytes: number }> {
  const lock = await acquireLock(run.runDir, 'Run folder');
  const recorder = new HistoryRecorder(database, run.id, onWritten ? { onWritten } : {});
  const life = new SignsOfLife(run.runDir, quiet);
  try {
    let reading = await fromTheBeginning();
    for (;;) {
      try {
        for await (const { event, told } of reading.next()) {
          if (event.event === 'started') await setEngine(database, run.id, event.engine);
          recorder.record(told, event.at);
          onEvent?.(told);
          signal?.throwIfAborted();
        }
      } catch (error) {
        if (!(error instanceof Shrunk)) throw error;
        // Begun anew, or copied anew: what was read of it is told no longer.
        reading = await fromTheBeginning();
        continue;
      }
      if (reading.hasEnded || !waits) break;
      await life.look();
      await sleep(LOOK_EVERY, undefined, signal ? { signal } : {});
    }
    await recorder.flush();
    if (!reading.hasEnded) await setStatus(database, run.id, 'interrupted');
    return { hasEnded: reading.hasEnded, bytes: reading.bytes };
  } catch (error) {
    if (signal?.aborted) {
      await recorder.flush();
      await setStatus(database, run.id, 'interrupted');
    } else {
      recorder.interrupted(fromReport(toReport(error)));
      await recorder.flush();
    }
    throw error;
  } finally {
    await lock.release();
  }

  async function fromTheBeginning(): Promise<ToldLines> {
    await recorder.flush();
    await forgetTold(database, run.id);
    await setStatus(database, run.id, 'running');
    return new ToldLines(telling);
  }
}

/** What reads the student's tokens: the student's own, or that of a checkpoint where the student is not at its place. */
async function tokenizerFor(recipe: Recipe, runDir: string): Promise<Tokenizer> {
  const last = (await listCheckpoints(runPaths(runDir).checkpoints)).at(-1);
  for (const model of [recipe.student.model, ...(last ? [modelOf(last.path)] : [])]) {
    const opened = await openWholeModel(model).catch(() => null);
    if (opened) return opened.tokenizer;
  }
  throw new Problem(`The student of this run, ${recipe.student.model}, is not there, and its folder holds no checkpoint yet: its texts cannot be read.`, {
    hint: 'Bring the student back to its place, or write its place into student.model of run/recipe.json.',
  });
}
