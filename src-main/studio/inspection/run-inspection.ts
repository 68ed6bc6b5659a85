import type { Inspection } from '../../contract/inspection.ts';
import { asProblem, toReport, Problem } from '../../contract/problem.ts';
import type { Commands } from '../../contract/worker.ts';
import type { ParamsInput } from '../../contract/worker-host.ts';
import { insertSamples } from '../../store/inspected-samples.ts';
import { endInspection } from '../../store/inspections.ts';
import { countRollouts, readSpreadRollouts } from '../../store/rollouts.ts';
import { findRun } from '../../store/runs.ts';
import type { Home } from '../../service/home.ts';
import { heldOut, viewOf } from '../../service/inspect/of-run.ts';
import type { Feed } from '../feed.ts';
import type { Jobs } from '../jobs.ts';
import type { Workers } from '../workers.ts';

type Subject = Pick<Inspection, 'id' | 'title' | 'run' | 'teacher' | 'student' | 'settings'>;
type Texts = ParamsInput<Commands, 'survey'>['texts'];

/** Rollouts handed to the worker together. */
const ROLLOUTS_AT_ONCE = 1000;

interface Parts { home: Home; workers: Workers; jobs: Jobs; feed: Feed }

/** Computes an inspection as a job on the worker of the jobs and writes down what comes. Never rejects. */
export async function runInspection({ home: { database }, workers, jobs, feed }: Parts, inspection: Subject): Promise<void> {
  const { id, title, teacher, student, settings: { source: _, ...settings } } = inspection;
  let isCancelled = false;
  let ended: { state: Inspection['state']; error: Problem | null } = { state: 'done', error: null };
  try {
    await jobs.run('inspect', title, async (tell, signal, _warn, onReading) => {
      signal.addEventListener('abort', () => { isCancelled = true; });
      let samples = 0;
      let writing = Promise.resolve();
      for await (const { texts, before, total } of textsOf({ home: { database } }, inspection)) {
        signal.throwIfAborted();
        await workers.job((host) => host.request('survey', { teacher, student, device: 'cpu', texts, ...settings }, {
          signal, onReading,
          onEvent: (event) => {
            if (event.event === 'phase') return tell(before + event.done, total ?? event.total);
            samples += event.samples.length;
            // One write after the other; the first that fails is told at the end.
            writing = writing.then(() => database.transaction((queries) => insertSamples(queries, id, event.samples)))
              .then(() => { feed.publish({ topic: 'inspections' }); });
            writing.catch(() => undefined);
          },
        }))
          // Stopped, it is over once what had come is written down.
          .finally(() => writing.catch(() => undefined));
        await writing;
      }
      if (samples === 0) throw new Problem('There is no text to inspect.', { hint: 'Every text was empty, or the run has written none.' });
    }, id);
  } catch (error) {
    ended = isCancelled ? { state: 'stopped', error: null } : { state: 'failed', error: asProblem(error) };
  }
  await endInspection(database, id, ended.state, ended.error && toReport(ended.error)).catch(() => undefined);
  feed.publish({ topic: 'inspections' });
}

interface Portion { texts: Texts; before: number; total: number | null }

/** What the worker is to look at, in portions. */
async function* textsOf({ home: { database } }: { home: Pick<Home, 'database'> }, { run: runId, settings: { source, examples } }: Subject): AsyncGenerator<Portion> {
  if (source.kind === 'data') {
    yield { texts: { kind: 'data', data: source.data, view: source.view, holdOut: null }, before: 0, total: null };
    return;
  }
  if (runId === null) throw new Problem('Two models have no data of their own.', { hint: 'Name a data file and its prompt.' });
  const { recipe } = await findRun(database, runId);
  const view = viewOf(recipe);
  if (source.kind === 'validation') {
    yield { texts: { kind: 'data', view, ...heldOut(recipe) }, before: 0, total: null };
    return;
  }
  const steps = { fromStep: source.fromStep, toStep: source.toStep };
  const total = Math.min(examples, await countRollouts(database, runId, steps));
  for (let before = 0; before < total; before += ROLLOUTS_AT_ONCE) {
    const rollouts = await readSpreadRollouts(database, runId, steps, total, { offset: before, limit: ROLLOUTS_AT_ONCE });
    yield {
      texts: { kind: 'rollouts', data: recipe.data.train, view, rollouts: rollouts.map(({ example, step, tokens, ended }) => ({ example, step, ended, tokens: Int32Array.from(tokens) })) },
      before, total,
    };
  }
}
