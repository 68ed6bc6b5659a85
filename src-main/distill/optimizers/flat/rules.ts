import type { TrainSettings } from '../../../contract/recipe.ts';
import { flatAdafactor } from './adafactor.ts';
import { flatAdamw } from './adamw.ts';
import type { FlatRule } from './update-graph.ts';

const rules: Record<TrainSettings['optimizer'], (settings: TrainSettings) => FlatRule> = { adamw: flatAdamw, adafactor: flatAdafactor };

/** The update rule a recipe names, said in values. */
export function flatRuleOf(settings: TrainSettings): FlatRule {
  return rules[settings.optimizer](settings);
}
