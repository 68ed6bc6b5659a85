import type { HubFit } from '../../contract/hub.ts';
import type { ModelConfig } from '../../nn/config.ts';
import { countParameters, type ParameterSpec } from '../../nn/build.ts';
import { freeMemory } from '../../checks/memory.ts';

export { freeMemory };

const FLOAT = 4;

/** What a model takes in memory for each use of it, before any text. */
export function fitsOf(_config: ModelConfig, parameters: readonly ParameterSpec[]): HubFit[] {
  const weights = countParameters(parameters);
  return [
    { use: 'as a teacher', bytes: weights * FLOAT },
    { use: 'as a student', bytes: weights * FLOAT * 5 },
  ];
}
