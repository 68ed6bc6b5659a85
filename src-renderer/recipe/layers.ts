import type { ModelDescription } from '../../src-main/contract/model-description.ts';

/** Parameters of a student with so many of the teacher's layers; about, where it is narrower: by the square of its width in a layer. */
export function studentParameters({ parameters, layers, layerParameters, hiddenSize }: ModelDescription, kept: number, width = hiddenSize): number {
  const share = width / hiddenSize;
  return Math.round((parameters - layers * layerParameters) * share + kept * layerParameters * share * share);
}
