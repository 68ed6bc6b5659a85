import { basename, join } from 'node:path';
import { Problem } from '../../contract/problem.ts';
import { isToken } from '../../hub/token-file.ts';
import { putModel } from '../../store/models.ts';
import type { Home } from '../../service/home.ts';
import type { KeyStore } from '../../service/servers/key-store.ts';
import { openHub, usualHub } from '../../service/hub/open-hub.ts';
import { placeFor } from '../../service/hub/place.ts';
import type { Feed } from '../feed.ts';
import type { CallsOf, Handlers } from '../handlers.ts';
import type { Jobs } from '../jobs.ts';
import { Latest } from '../latest.ts';
import type { Workers } from '../workers.ts';

/** Asks the usual hub, whenever a person says so and at no other time. @param keyStore  null where the door has none */
export function hubCalls({ home, workers, jobs, feed, keyStore }: { home: Home; workers: Workers; jobs: Jobs; feed: Feed; keyStore: KeyStore | null }): Handlers<CallsOf<'hub'>> {
  const [searches, looks] = [new Latest(), new Latest()];
  const open = async (): Promise<{ url: string; token: string | null }> => {
    const { hub: { url, token } } = await openHub(null, keyStore);
    return { url, token };
  };
  return {
    'hub.state': async () => {
      const { hub, tokenFrom } = await openHub(null, keyStore);
      return { url: hub.url, tokenFrom, canKeep: keyStore !== null };
    },
    'hub.search': ({ asker, ...wanted }) => searches.answer(asker, async (signal) => workers.ask('searchHub', { hub: await open(), ...wanted }, { signal })),
    'hub.look': ({ asker, ...wanted }) => looks.answer(asker, async (signal) => workers.ask('lookAtHub', { hub: await open(), ...wanted }, { signal })),
    'hub.get': (wanted) => jobs.run('download', wanted.name, async (tell, signal, warn) => {
      const hub = await open();
      const look = await workers.job((host) => host.request('lookAtHub', { hub, ...wanted }, { signal }));
      const place = await placeFor(join(home.path, wanted.kind === 'model' ? 'models' : 'data'), look);
      // What was looked at is what comes, although its branch may move on meanwhile.
      const { files } = await workers.job((host) => host.request('getFromHub', { hub, ...wanted, name: `${look.id}@${look.commit}`, to: place }, {
        signal, onEvent: ({ done, total }) => tell(done, total),
      }));
      const isFolder = wanted.kind === 'model' && !files.some(({ path }) => path.endsWith('.gguf'));
      const paths = isFolder ? [] : files.map(({ path }) => join(place, path));
      return { folder: place, paths, listed: isFolder && await list(place, look.id, warn) };
    }),
    'hub.keepToken': async ({ token }) => {
      if (!keyStore) throw new Problem('Retort has no key store here, so it keeps no token.', { hint: 'Give it in the environment variable HF_TOKEN where Retort is started.' });
      if (!isToken(token)) throw new Problem('This is no token: it holds a character that none has.', { hint: 'Copy it again from the settings of your account.' });
      await keyStore.write(usualHub(), token);
      return null;
    },
    'hub.forgetToken': async () => {
      await keyStore?.remove(usualHub());
      return null;
    },
  };

  /** Whether a downloaded model is on the list now: one that Retort cannot use is not. */
  async function list(path: string, id: string, warn: (warnings: readonly string[]) => void): Promise<boolean> {
    try {
      const description = await workers.ask('describe', { model: path });
      await putModel(home.database, { path, name: basename(id), added: Date.now(), description });
      feed.publish({ topic: 'models' });
      return true;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      warn([`It lies in ${path}, and Retort cannot use it: ${error.message}`]);
      return false;
    }
  }
}
