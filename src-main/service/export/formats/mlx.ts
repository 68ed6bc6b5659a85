import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { MlxType, PartOf } from '../../../contract/export-parts.ts';
import type { ExportedOther } from '../../../contract/export-report.ts';
import { BITS, GROUP } from '../../../export/mlx/affine.ts';
import { mlxConfig } from '../../../export/mlx/mlx-config.ts';
import { mlxTensors, readBack } from '../../../export/mlx/tensors.ts';
import { compareLogits } from '../../../export/parity.ts';
import { folderSize } from '../../../files/folder-size.ts';
import { writeSafetensors } from '../../../model/safetensors-write.ts';
import { rowsInMemory } from '../../../model/whole-weight.ts';
import { copyCompanions, writeConfig } from '../../../model/write-folder.ts';
import { listMatrices } from '../../../nn/build.ts';
import type { HostWeights } from '../../../runtime/weights.ts';
import type { ExportJob, Format } from '../job.ts';
import { TrainedModel } from '../trained.ts';

/** Folders for MLX, Apple's own runtime, as mlx-lm opens them. */
export const MLX: Format<PartOf<'mlx'>> = {
  needsCompanions: false,
  check: ({ folder: { config, rawConfig } }) => Promise.resolve().then(() => mlxConfig(config, rawConfig)),
  steps: ({ types }) => 2 * types.length,
  async write({ types }, job) {
    const others: ExportedOther[] = [];
    const { config, rawConfig } = job.model.folder;
    const described = mlxConfig(config, rawConfig);
    for (const type of types) others.push(await writeFolder(type, described, job));
    return { bytes: others.reduce((sum, { bytes }) => sum + bytes, 0), report: {}, others };
  },
};

async function writeFolder(type: MlxType, { config: said, notes }: ReturnType<typeof mlxConfig>, job: ExportJob): Promise<ExportedOther> {
  const { model: { folder: { config, companions }, parameters, decoder }, folder, isAlone, step, weight } = job;
  step();
  const name = isAlone ? '' : `mlx-${type}`;
  const to = join(folder, name);
  if (!isAlone) await mkdir(to);
  const quantizable = new Set([...listMatrices(config), ...decoder.tables].map((each) => each.name));
  await copyCompanions(companions, to);
  const quantization = { group_size: GROUP, bits: BITS, mode: 'affine' };
  // transformers and mlx-lm each look for their own name of it.
  await writeConfig(join(to, 'config.json'), { ...said, dtype: 'float16', ...(type === '4bit' && { quantization, quantization_config: quantization }) });
  await writeSafetensors(join(to, 'model.safetensors'), mlxTensors(parameters, type, quantizable, weight), 'F16', { format: 'mlx' });
  step();
  const back = Object.assign({}, ...parameters.map((parameter) => rowsInMemory(parameter, readBack(parameter, type, quantizable, weight(parameter.name))))) as HostWeights;
  const { topAgreement, perplexity } = await compared(job, back);
  return {
    kind: `mlx ${type}`, name: name || 'model.safetensors', bytes: await folderSize(to), parity: { topAgreement, perplexity },
    opens: [`mlx_lm.generate --model ${name || 'FOLDER'} --prompt "..."`, ...notes].join('. '),
  };
}

/** How near the trained model is to itself with the weights that were read back. */
async function compared({ model, measure: { trained, texts }, signal }: ExportJob, weights: HostWeights): Promise<{ topAgreement: number; perplexity: number }> {
  const read = new TrainedModel(model, weights);
  try {
    return await compareLogits(model.decoder.vocabSize, texts, (text) => {
      signal.throwIfAborted();
      return read.logits(text);
    }, (text) => trained.logits(text));
  } finally {
    await read.release();
  }
}
