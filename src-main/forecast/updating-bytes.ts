import type { TrainSettings } from '../contract/recipe.ts';
import { flatRuleOf } from '../distill/optimizers/flat/rules.ts';
import { traceUpdate } from '../distill/optimizers/flat/update-graph.ts';
import { workingBytes } from '../graph/onnx/working-memory.ts';
import { planRun, type WriteOptions } from '../graph/onnx/write.ts';
import type { ParameterSpec } from '../nn/build.ts';
import { rowsOf } from '../nn/weights/rows.ts';
import { ARENA } from './arena.ts';

/** What an update takes on a device, where it is a graph, beside all that it changes. */
export function updatingBytes(trained: readonly ParameterSpec[], train: TrainSettings, dialect: NonNullable<WriteOptions['dialect']>): number {
  const { outputs } = traceUpdate(trained.map((parameter) => ({ parameter, parts: rowsOf(parameter) })), flatRuleOf(train), { copies: 'float32' });
  return Math.round(ARENA * workingBytes(planRun(outputs, { weights: 'inputs', dialect })));
}
