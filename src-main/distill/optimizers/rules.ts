import type { TrainSettings } from '../../contract/recipe.ts';
import { adafactor } from './adafactor.ts';
import { adamw } from './adamw.ts';
import type { UpdateRule } from './update-rule.ts';

const rules: Record<TrainSettings['optimizer'], (settings: TrainSettings) => UpdateRule> = { adamw, adafactor };

/** The update rule a recipe names. */
export function ruleOf(settings: TrainSettings): UpdateRule {
  return rules[settings.optimizer](settings);
}
