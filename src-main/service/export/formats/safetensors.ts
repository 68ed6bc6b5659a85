import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PartOf } from '../../../contract/export-parts.ts';
import { writeSafetensors } from '../../../model/safetensors-write.ts';
import type { Format } from '../job.ts';

const NAME = 'model.safetensors';

/** The trained weights, as the field keeps them. */
export const SAFETENSORS: Format<PartOf<'safetensors'>> = {
  needsCompanions: true,
  steps: () => 1,
  async write(_, { model: { parameters }, folder, pieces, step }) {
    step();
    const path = join(folder, NAME);
    await writeSafetensors(path, parameters.map((parameter) => ({ ...parameter, data: pieces(parameter.name) })), 'F32');
    const { size: bytes } = await stat(path);
    return { bytes, report: { safetensors: { name: NAME, bytes } } };
  },
};
