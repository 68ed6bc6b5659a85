import type { PresetName } from '../../../../src-main/contract/presets.ts';
import { count } from '../../../format.ts';
import { METHOD_NAMES } from '../../../recipe/method-names.ts';
import { valueAt, type UnfinishedRecipe } from '../../../recipe/paths.ts';

/** How a stage learns, and for how long if it says so itself. @param preset  of the recipe */
export function stageText(stage: UnfinishedRecipe, preset: PresetName): string {
  const method = METHOD_NAMES[(valueAt(stage, 'method.preset') ?? preset) as PresetName];
  const [steps, epochs] = [valueAt(stage, 'train.steps'), valueAt(stage, 'train.epochs')];
  const length = typeof steps === 'number' ? `, ${count(steps)} steps` : typeof epochs === 'number' ? `, ${count(epochs)} ${epochs === 1 ? 'pass' : 'passes'} over the data` : '';
  return `${method}${length}`;
}
