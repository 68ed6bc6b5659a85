import { ALL_LINEAR, alphaOf, type AdapterSettings } from '../../contract/adapter.ts';
import { Problem } from '../../contract/problem.ts';
import type { ModelConfig } from '../config.ts';
import type { Adapters } from '../weights/adapted.ts';
import { isTarget, modulesOf } from './modules.ts';

/** The adapters that a recipe asks for. @throws Problem where a target is not in the model */
export function chooseAdapters(config: ModelConfig, settings: AdapterSettings): Adapters {
  const { rank, targets } = settings;
  const modules = modulesOf(config);
  const unknown = targets === ALL_LINEAR ? [] : targets.filter((target) => !modules.some(({ name }) => isTarget(name, target)));
  if (unknown.length > 0) {
    const ends = [...new Set(modules.map(({ name }) => name.slice(name.lastIndexOf('.') + 1)))];
    throw new Problem(`student.adapter.targets names ${unknown.join(', ')}, and no matrix of the student that can have an adapter ends so.`, {
      hint: `There are: ${ends.join(', ')}. "${ALL_LINEAR}" is all but the output layer.`,
    });
  }
  const chosen = modules.filter(({ name, isOutput }) => (targets === ALL_LINEAR ? !isOutput : targets.some((target) => isTarget(name, target))));
  const scale = alphaOf(settings) / rank;
  return new Map(chosen.map(({ name: module, matrix }) => [matrix.name, { module, matrix, rank, scale }]));
}
