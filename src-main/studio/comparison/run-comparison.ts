import type { Comparison } from '../../contract/comparison.ts';
import { asProblem, toReport, type Problem } from '../../contract/problem.ts';
import type { Commands } from '../../contract/worker.ts';
import type { CommandEvent, ParamsInput } from '../../contract/worker-host.ts';
import { insertAnswers, insertRows, setComparisonState, setFacts } from '../../store/comparisons.ts';
import { findRun } from '../../store/runs.ts';
import type { Queries } from '../../store/sqlite.ts';
import type { Home } from '../../service/home.ts';
import { heldOut, viewOf } from '../../service/inspect/of-run.ts';
import type { Feed } from '../feed.ts';
import { Spaced } from '../spaced.ts';
import type { Jobs } from '../jobs.ts';
import type { Workers } from '../workers.ts';

export interface ComparisonParts { home: Home; workers: Workers; jobs: Jobs; feed: Feed }

type Subject = Pick<Comparison, 'id' | 'title' | 'run' | 'teacher' | 'models' | 'settings'>;
type Texts = ParamsInput<Commands, 'compare'>['texts'];

/** Milliseconds between two looks at an answer that grows. */
const EVERY = 60;

/** Lets a comparison's models answer as a job on the worker of the jobs and writes down what comes. Never rejects. */
export async function runComparison({ home: { database }, workers, jobs, feed }: ComparisonParts, comparison: Subject, texts: Texts): Promise<void> {
  const { id, title, teacher, models, settings: { source: _, ...settings } } = comparison;
  const growing = new GrowingText(feed, id);
  let isCancelled = false;
  let ended: { state: Comparison['state']; error: Problem | null } = { state: 'done', error: null };
  try {
    await jobs.run('compare', title, async (tell, signal, _warn, onReading) => {
      signal.addEventListener('abort', () => { isCancelled = true; });
      let writing = Promise.resolve();
      // One write after the other; the first that fails is told at the end.
      const write = (what: (queries: Queries) => Promise<void>): void => {
        writing = writing.then(() => database.transaction(what)).then(() => { feed.publish({ topic: 'comparisons' }); });
        writing.catch(() => undefined);
      };
      const take = (event: CommandEvent<Commands, 'compare'>): void => {
        switch (event.event) {
          // What keeps a model's texts from being what the rows say stands in the checks of its run.
          case 'warning': return undefined;
          case 'phase': return tell(event.done, event.total);
          case 'rows': return write((queries) => insertRows(queries, id, event.rows));
          case 'text': return growing.add(event);
          case 'answers':
            growing.end();
            return write((queries) => insertAnswers(queries, id, event.model, event.answers));
          case 'facts': return write((queries) => setFacts(queries, id, event.model, event.facts));
        }
      };
      await workers.job((host) => host.request('compare', { models: models.map(({ path }) => path), teacher, device: 'cpu', texts, ...settings }, { signal, onReading, onEvent: take }))
        // Stopped, it is over once what had come is written down.
        .finally(() => writing.catch(() => undefined));
      await writing;
    }, id);
  } catch (error) {
    ended = isCancelled ? { state: 'stopped', error: null } : { state: 'failed', error: asProblem(error) };
  }
  growing.end();
  await setComparisonState(database, id, ended.state, ended.error && toReport(ended.error)).catch(() => undefined);
  feed.publish({ topic: 'comparisons' });
}

/** The prompts of a data set, or of the run's own. */
export async function dataOf({ database }: Pick<Home, 'database'>, { run, settings: { source } }: Pick<Comparison, 'run' | 'settings'>): Promise<Texts> {
  if (source.kind === 'data') return { kind: 'data', data: source.data, view: source.view, holdOut: null };
  const { recipe } = await findRun(database, run!);
  return { kind: 'data', view: viewOf(recipe), ...heldOut(recipe) };
}

type Growing = { model: number; example: number; text: string };

/** Tells every window the answer that is being written, the whole of it each time, so that one that came late has missed nothing. */
class GrowingText {
  private readonly spaced: Spaced<Growing>;
  private now: Growing | null = null;

  constructor(feed: Feed, id: string) {
    this.spaced = new Spaced((growing) => feed.publish({ topic: 'answer', id, ...growing }), EVERY);
  }

  add({ model, example, text }: Growing): void {
    const isSame = this.now?.model === model && this.now.example === example;
    this.now = { model, example, text: `${isSame ? this.now!.text : ''}${text}` };
    this.spaced.take(this.now);
  }

  end(): void {
    this.spaced.end();
    this.now = null;
  }
}
