import type { TrainSettings } from '../contract/recipe.ts';
import { flatRuleOf } from '../distill/optimizers/flat/rules.ts';
import { traceUpdate } from '../distill/optimizers/flat/update-graph.ts';
import { planRun, type RunPlan, type WriteOptions } from '../graph/onnx/write.ts';
import type { ParameterSpec } from '../nn/build.ts';
import { rowsOf } from '../nn/weights/rows.ts';

/** What an update runs on a device, where it is a graph, beside all that it changes. */
export function updatingPlan(trained: readonly ParameterSpec[], train: TrainSettings, dialect: NonNullable<WriteOptions['dialect']>): RunPlan {
  const { outputs } = traceUpdate(trained.map((parameter) => ({ parameter, parts: rowsOf(parameter) })), flatRuleOf(train), { copies: 'float32' });
  return planRun(outputs, { weights: 'inputs', dialect });
}
