import { listDrafts, removeDraft, removeUntouched, saveDraft } from '../../store/drafts.ts';
import type { Home } from '../../service/home.ts';
import { newRunId } from '../../service/ids.ts';
import type { Feed } from '../feed.ts';
import type { CallsOf, Handlers } from '../handlers.ts';

export function draftCalls({ home: { database }, feed }: { home: Home; feed: Feed }): Handlers<CallsOf<'drafts'>> {
  return {
    'drafts.list': () => listDrafts(database),
    'drafts.save': async ({ id, ...content }) => {
      const draft = { ...content, id: id ?? newRunId(), updated: Date.now() };
      await saveDraft(database, draft);
      if (id === null) await removeUntouched(database, draft.id);
      feed.publish({ topic: 'drafts' });
      return draft;
    },
    'drafts.remove': async ({ id }) => {
      await removeDraft(database, id);
      feed.publish({ topic: 'drafts' });
      return null;
    },
  };
}
