import type { ModelDescription } from '../../../src-main/contract/model-description.ts';

/** How a model's weights are kept: a GGUF file has blocks of several types, and a name for the mixture; without one that of most weights is named. */
export const weightsText = ({ path, precision, types = [], fileType }: Pick<ModelDescription, 'path' | 'precision' | 'types' | 'fileType'>): string => (
  /\.gguf$/i.test(path) ? ['GGUF', ...(fileType === undefined ? types.slice(0, 1) : [fileType])].join(' ') : precision);
