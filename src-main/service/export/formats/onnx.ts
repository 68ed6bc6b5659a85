import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PartOf } from '../../../contract/export-parts.ts';
import type { ExportedPrecision } from '../../../contract/export-report.ts';
import { checkOnnx } from '../../../export/check-onnx.ts';
import { genaiConfig } from '../../../export/genai-config.ts';
import { writeOnnxFiles } from '../../../export/onnx-file.ts';
import type { Model } from '../../../model/load-model.ts';
import { writeJson } from '../../../model/write-folder.ts';
import type { Format } from '../job.ts';
import { measurePrecision } from '../measure.ts';

/** ONNX files in several precisions, for transformers.js and ONNX Runtime GenAI. */
export const ONNX: Format<PartOf<'onnx'>> = {
  needsCompanions: true,
  steps: ({ types }) => 2 * types.length,
  async write({ types }, { model, measure, folder, signal, step, pieces }) {
    await mkdir(join(folder, 'onnx'));
    const precisions: ExportedPrecision[] = [];
    const outside: Record<string, true> = {};
    let trainedPerplexity: number | null = null;
    for (const precision of types) {
      step();
      const written = await writeOnnxFiles(join(folder, 'onnx'), model.folder.config, precision, pieces);
      for (const { path } of written) await checkOnnx(path);
      step();
      const { trainedPerplexity: trained, ...measured } = await measurePrecision(measure, precision, written.map(({ path }) => path), signal);
      trainedPerplexity = trained;
      const files = written.map(({ file, bytes }) => ({ name: `onnx/${file}`, bytes }));
      precisions.push({ ...measured, files, bytes: sum(files) });
      for (const { file, hasExternalData } of written) if (hasExternalData) outside[file] = true;
    }
    return {
      bytes: sum(precisions), report: { precisions, trainedPerplexity, genai: await writeGenai(model, precisions, folder) },
      // Where transformers.js must look for weights that lie beside their graph.
      ...(Object.keys(outside).length > 0 && { config: { 'transformers.js_config': { use_external_data_format: outside } } }),
    };
  },
};

const sum = (parts: readonly { bytes: number }[]): number => parts.reduce((total, { bytes }) => total + bytes, 0);

/** ONNX Runtime GenAI runs one file of a folder: the smallest that keeps what it states, or the most exact. */
async function writeGenai({ folder: { config }, tokenizer }: Model, precisions: readonly ExportedPrecision[], folder: string): Promise<string | null> {
  const chosen = precisions.filter(({ keeps }) => keeps).sort((left, right) => left.bytes - right.bytes)[0] ?? precisions[0];
  const file = chosen?.files[0]?.name;
  const described = file === undefined ? null : genaiConfig({ config, file, bosId: tokenizer.bosId, eosIds: tokenizer.eosIds, padId: tokenizer.padId });
  if (!described) return null;
  await writeJson(join(folder, 'genai_config.json'), described);
  return file!;
}
