import type { Settings } from '../../contract/api/settings.ts';
import type { Commands } from '../../contract/worker.ts';
import type { WorkerHost } from '../../contract/worker-host.ts';

/**
 * `compute` does the runs, one after the other, and blocks while it does; `interactive` answers what a person waits
 * for: previews, checks, short texts, and exports and inspections between them.
 */
export type WorkerKind = 'compute' | 'interactive';
export type CreateWorker = (kind: WorkerKind, settings: Settings) => WorkerHost<Commands>;

/** The computing processes, each started when it is first needed. One that died is told by the request it had. */
export class Workers {
  readonly #create: CreateWorker;
  readonly #settings: () => Settings;
  readonly #hosts = new Map<WorkerKind, WorkerHost<Commands>>();

  constructor(create: CreateWorker, settings: () => Settings) {
    this.#create = create;
    this.#settings = settings;
  }

  get(kind: WorkerKind): WorkerHost<Commands> {
    const known = this.#hosts.get(kind);
    if (known) return known;
    const host = this.#create(kind, this.#settings());
    this.#hosts.set(kind, host);
    // The next request after a death gets a new one; nothing is done again by itself.
    void host.ended.then(() => { if (this.#hosts.get(kind) === host) this.#hosts.delete(kind); });
    return host;
  }

  /** Ends a worker, so that the next one starts with the present settings. */
  async end(kind: WorkerKind): Promise<void> {
    const host = this.#hosts.get(kind);
    this.#hosts.delete(kind);
    await host?.close();
  }

  /** Ends all of them whatever they do. */
  kill(): void {
    for (const host of this.#hosts.values()) host.kill();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#hosts.keys()].map((kind) => this.end(kind)));
  }
}
