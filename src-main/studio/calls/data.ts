import type { CallsOf, Handlers } from '../handlers.ts';
import { readingFor, type Feed } from '../feed.ts';
import { Latest } from '../latest.ts';
import type { Workers } from '../workers.ts';

export function dataCalls({ workers, feed }: { workers: Workers; feed: Feed }): Handlers<CallsOf<'data'>> {
  const [previews, seen] = [new Latest(), new Latest()];
  return {
    'data.preview': ({ path, asker, ...page }) => previews.answer(asker, (signal) => workers.ask('preview', { data: path, ...page }, { signal, onReading: readingFor(feed, asker) })),
    'data.seen': ({ path, asker, ...rest }) => seen.answer(asker, (signal) => workers.ask('see', { data: path, ...rest }, { signal, onReading: readingFor(feed, asker) })),
  };
}
