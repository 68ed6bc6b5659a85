import type { ModelDescription } from '../../src-main/contract/model-description.ts';

/** Parameters of a student with so many of the teacher's layers. */
export function studentParameters({ parameters, layers, layerParameters }: ModelDescription, kept: number): number {
  return parameters - (layers - kept) * layerParameters;
}
