import type { Asker } from '../contract/api/asker.ts';
import type { FeedMessage } from '../contract/api/feed.ts';

/** Tells an asker how far a long file has been read for its question. */
export const readingFor = (feed: Feed, asker: Asker | undefined) => (rows: number): void => {
  if (asker !== undefined) feed.publish({ topic: 'reading', asker: asker.id, rows });
};

/** Tells every door what changed, in order. */
export class Feed {
  readonly #listeners = new Set<(message: FeedMessage) => void>();

  /** @returns ends the subscription */
  subscribe(listener: (message: FeedMessage) => void): () => void {
    const own = (message: FeedMessage): void => listener(message);
    this.#listeners.add(own);
    return () => { this.#listeners.delete(own); };
  }

  publish(message: FeedMessage): void {
    for (const listener of this.#listeners) listener(message);
  }
}
