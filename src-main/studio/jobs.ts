import type { Job } from '../contract/api/feed.ts';
import { Problem, toReport } from '../contract/problem.ts';
import { newRunId } from '../service/ids.ts';
import type { Feed } from './feed.ts';

/** Jobs that are over and still listed. */
const KEPT = 20;

interface Entry { job: Job; controller: AbortController }

/** What takes a while besides runs: told to every window while it goes on, and cancelled by any of them. */
export class Jobs {
  readonly #feed: Feed;
  #jobs: Entry[] = [];

  constructor(feed: Feed) {
    this.#feed = feed;
  }

  list(): Job[] {
    return this.#jobs.map(({ job }) => job);
  }

  /** Does `work` as a job. Settles as `work` does. */
  async run<T>(kind: Job['kind'], title: string, work: (tell: (done: number, total: number) => void, signal: AbortSignal, warn: (warnings: readonly string[]) => void, read: (rows: number) => void) => Promise<T>, id = newRunId()): Promise<T> {
    const controller = new AbortController();
    const job: Job = { id, kind, title, done: 0, total: 1, rows: null, state: 'going', error: null, warnings: [] };
    const over = this.#jobs.filter((entry) => entry.job.state !== 'going');
    const forgotten = new Set(over.slice(0, -KEPT));
    this.#jobs = [...this.#jobs.filter((entry) => !forgotten.has(entry)), { job, controller }];
    this.#tell();
    try {
      const result = await work((done, total) => {
        Object.assign(job, { done, total, rows: null });
        this.#tell();
      }, controller.signal, (warnings) => { job.warnings.push(...warnings); }, (rows) => {
        job.rows = rows;
        this.#tell();
      });
      Object.assign(job, { state: 'done', done: job.total });
      return result;
    } catch (error) {
      if (controller.signal.aborted) job.state = 'cancelled';
      else Object.assign(job, { state: 'failed', error: toReport(error) });
      throw error;
    } finally {
      this.#tell();
    }
  }

  cancel(id: string): void {
    const entry = this.#jobs.find(({ job }) => job.id === id && job.state === 'going');
    if (!entry) throw new Problem('This job is not going on any more.');
    entry.controller.abort(new Problem('Cancelled.', { kind: 'failure' }));
  }

  cancelAll(): void {
    for (const { job, controller } of this.#jobs) if (job.state === 'going') controller.abort(new Problem('Retort was closed.', { kind: 'failure' }));
  }

  #tell(): void {
    this.#feed.publish({ topic: 'jobs', jobs: this.list().map((job) => ({ ...job })) });
  }
}
