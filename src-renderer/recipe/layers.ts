import type { ModelDescription } from '../../src-main/contract/model-description.ts';

/** Layers 0, k, 2k, ... of a model. */
export function everyKth(layers: number, k: number): number[] {
  return Array.from({ length: Math.ceil(layers / k) }, (_, at) => at * k);
}

/** Parameters of a student with so many of the teacher's layers. */
export function studentParameters({ parameters, layers, layerParameters }: ModelDescription, kept: number): number {
  return parameters - (layers - kept) * layerParameters;
}
