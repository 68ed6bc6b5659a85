import type { ModelDescription } from '../../../src-main/contract/model-description.ts';

/** How a model's weights are kept: a GGUF file has blocks of several types. */
export const weightsText = ({ path, precision }: Pick<ModelDescription, 'path' | 'precision'>): string => (/\.gguf$/i.test(path) ? 'GGUF' : precision);
