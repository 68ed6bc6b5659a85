import type { AppState } from '../../state/app.svelte.ts';

/** Leads on to a draft of a run that learns from a data set of corrections, ready to be looked through. */
export async function learnCorrections({ bridge, route, notices }: AppState, dataset: string): Promise<void> {
  const onward = route.onward();
  try {
    const { recipe } = await bridge.call('corrections.repair', { dataset });
    const { id } = await bridge.call('drafts.save', { id: null, title: String(recipe['name']), page: 'review', recipe });
    onward({ screen: 'new', draftId: id });
  } catch (error) {
    notices.fail(error);
  }
}
