import type { Draft } from '../../src-main/contract/api/api.ts';
import { Problem } from '../../src-main/contract/problem.ts';
import { placeName } from '../recipe/dropped.ts';
import type { Bridge } from '../bridge/bridge.ts';
import { EMPTY_RECIPE } from './draft.svelte.ts';

/** What became of a file that was dropped or opened from outside. */
export type Opened = { draft: Draft } | { model: string };

/**
 * Opens a file as what it is: a recipe or a data file as a draft of a run, a model to be imported.
 * @throws Problem where it is none of these.
 */
export async function openPath(bridge: Bridge, path: string): Promise<Opened> {
  const { kind, path: place } = await bridge.call('files.classify', { path });
  switch (kind) {
    case 'recipe': return { draft: await recipeDraft(bridge, place) };
    // A recipe may have any name that ends in .json.
    case 'data': return { draft: (place.endsWith('.json') && await recipeDraft(bridge, place).catch(() => null)) || await dataDraft(bridge, place) };
    case 'model': case 'gguf': return { model: place };
    case 'folder': throw new Problem(`${placeName(place)} is a folder without a model.`, { hint: 'A model folder has config.json and .safetensors files.' });
    case 'other': throw new Problem(`Retort does not know what ${placeName(place)} is.`, { hint: 'It opens data files, recipes, model folders and GGUF files.' });
  }
}

async function recipeDraft(bridge: Bridge, path: string): Promise<Draft> {
  const recipe = await bridge.call('recipe.open', { path });
  return bridge.call('drafts.save', { id: null, title: recipe.name, page: 'review', recipe: { ...recipe } });
}

function dataDraft(bridge: Bridge, path: string): Promise<Draft> {
  return bridge.call('drafts.save', {
    id: null, title: path.split(/[\\/]/).at(-1) ?? path, page: 'data', recipe: { ...EMPTY_RECIPE, data: { train: path } },
  });
}
