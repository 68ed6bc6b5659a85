import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PartOf } from '../../../contract/export-parts.ts';
import type { ExportedOther } from '../../../contract/export-report.ts';
import { Problem } from '../../../contract/problem.ts';
import { writeLora } from '../../../export/gguf/lora.ts';
import { folderSize } from '../../../files/folder-size.ts';
import { AdaptedModel } from '../../../model/adapter/adapted-model.ts';
import { writeAdapterFiles } from '../../../model/adapter/write-adapter.ts';
import type { HostWeights } from '../../../runtime/weights.ts';
import type { ExportJob, Format } from '../job.ts';
import { named } from './named.ts';

/** A trained adapter alone, as PEFT and llama.cpp open it beside its base model. */
export const ADAPTER: Format<PartOf<'adapter'>> = {
  needsCompanions: false,
  steps: () => 1,
  async write(_, job) {
    const { model: { folder: model }, folder, isAlone, step } = job;
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
    const gguf = await besideGguf(job, model, weights);
    const peft: ExportedOther = { kind: 'adapter', name: name || 'adapter_model.safetensors', bytes, parity: null, opens: `PeftModel.from_pretrained(base, "${name || 'FOLDER'}")${'refused' in gguf ? `. Not for llama.cpp: ${gguf.refused}` : ''}` };
    const others = 'refused' in gguf ? [peft] : [peft, gguf];
    return { bytes: others.reduce((sum, other) => sum + other.bytes, 0), report: {}, others };
  },
};

/** The same for llama.cpp, in a file of its own; where it does not know the family, why. */
async function besideGguf({ folder, name, signal, model: { tokenizer } }: ExportJob, { base, adapter: { adapters } }: AdaptedModel, weights: HostWeights): Promise<ExportedOther | { refused: string }> {
  const file = `${name}-lora.gguf`;
  try {
    const bytes = await writeLora(join(folder, file), {
      base: base.path, config: base.config, adapters, keys: named(name, (token) => tokenizer.idOf(token)), weights: (parameter) => weights[parameter]!.data as Float32Array, signal,
    });
    return { kind: 'adapter gguf', name: file, bytes, parity: null, opens: `llama-cli -m BASE.gguf --lora ${file}` };
  } catch (error) {
    if (!(error instanceof Problem) || error.kind !== 'input') throw error;
    return { refused: error.message };
  }
}
