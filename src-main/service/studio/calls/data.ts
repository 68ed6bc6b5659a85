import type { CallsOf, Handlers } from '../handlers.ts';
import type { Workers } from '../workers.ts';

export function dataCalls({ workers }: { workers: Workers }): Handlers<CallsOf<'data'>> {
  return {
    'data.preview': ({ path, ...page }) => workers.get('interactive').request('preview', { data: path, ...page }),
    'data.seen': ({ path, ...rest }) => workers.get('interactive').request('see', { data: path, ...rest }),
  };
}
