import type { HubFit } from '../../contract/hub.ts';
import { sizeOf } from '../../graph/shape.ts';
import { countParameters, listHead, type ParameterSpec } from '../../nn/build.ts';
import type { ModelConfig } from '../../nn/config.ts';

const FLOAT = 4;
/** Weights, gradients, AdamW's two moments, and the copy that is packed for writing. */
const TRAINED = 5;

export interface Uses {
  /** Bytes of the weights of a teacher, as they lie. */
  asTeacher?: number | undefined;
  canLearn: boolean;
}

/** What a model takes in memory for each use of it, before any text. */
export function fitsOf(config: ModelConfig, parameters: readonly ParameterSpec[], { asTeacher, canLearn }: Uses): HubFit[] {
  const weights = countParameters(parameters);
  const student = canLearn ? [{ use: 'as a student that writes', bytes: weights * FLOAT * TRAINED }] : [];
  if (asTeacher !== undefined) return [{ use: 'as a teacher', bytes: asTeacher }, ...student];
  // What makes logits stays in float32.
  const head = listHead(config).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return [
    { use: 'as a teacher', bytes: weights * FLOAT },
    { use: 'as a teacher in int8', bytes: weights + head * FLOAT },
    ...student,
  ];
}
