import type { ModelDescription } from '../../../src-main/contract/model-description.ts';

/** How a model's weights are kept: a GGUF file has blocks of several types, of which that of most weights is named. */
export const weightsText = ({ path, precision, types = [] }: Pick<ModelDescription, 'path' | 'precision' | 'types'>): string => (
  /\.gguf$/i.test(path) ? ['GGUF', ...types.slice(0, 1)].join(' ') : precision);
