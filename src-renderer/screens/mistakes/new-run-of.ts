import type { Bridge } from '../../bridge/bridge.ts';

/** A draft of a run that learns from a data set of corrections, ready to be looked through. @returns its id */
export async function draftOfCorrections(bridge: Bridge, dataset: string): Promise<string> {
  const { recipe } = await bridge.call('corrections.repair', { dataset });
  return (await bridge.call('drafts.save', { id: null, title: String(recipe['name']), page: 'review', recipe })).id;
}
