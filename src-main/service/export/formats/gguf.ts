import { Problem } from '../../../contract/problem.ts';
import type { PartOf } from '../../../contract/export-parts.ts';
import type { Format } from '../job.ts';

/** GGUF files, for llama.cpp and what runs on it. */
export const GGUF: Format<PartOf<'gguf'>> = {
  needsCompanions: false,
  steps: ({ types }) => 2 * types.length,
  write(_, { model: { folder } }) {
    throw new Problem(`${folder.path} is of the kind ${folder.config.modelType}, which cannot be written as GGUF yet.`);
  },
};
