import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PartOf } from '../../../contract/export-parts.ts';
import { Problem } from '../../../contract/problem.ts';
import { folderSize } from '../../../files/folder-size.ts';
import { AdaptedModel } from '../../../model/adapter/adapted-model.ts';
import { writeAdapterFiles } from '../../../model/adapter/write-adapter.ts';
import type { Format } from '../job.ts';

/** A trained adapter alone, as PEFT opens it beside its base model. */
export const ADAPTER: Format<PartOf<'adapter'>> = {
  needsCompanions: false,
  steps: () => 1,
  async write(_, { model: { folder: model }, folder, isAlone, step }) {
    if (!(model instanceof AdaptedModel)) {
      throw new Problem(`${model.path} is a whole model: there is no adapter in it to export.`, { hint: 'Export it in another format, or name the model/ folder of a run that trains an adapter.' });
    }
    step();
    const name = isAlone ? '' : 'adapter';
    const to = join(folder, name);
    if (!isAlone) await mkdir(to);
    const { base, adapter: { adapters, config: { lora_dropout: dropout, raw: from } } } = model;
    const weights = await model.read();
    await writeAdapterFiles(to, { base, adapters, dropout, from, weights: (parameter) => weights[parameter]!.data as Float32Array });
    const bytes = await folderSize(to);
    return { bytes, report: {}, others: [{ kind: 'adapter', name: name || 'adapter_model.safetensors', bytes, parity: null, opens: `PeftModel.from_pretrained(base, "${name || 'FOLDER'}")` }] };
  },
};
