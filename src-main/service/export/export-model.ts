import { mkdir, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ExportedPrecision, ExportReport } from '../../contract/export-report.ts';
import { Problem } from '../../contract/problem.ts';
import type { Commands } from '../../contract/worker.ts';
import type { CommandEvent, Params, Result } from '../../contract/worker-host.ts';
import { modelCard } from '../../export/card.ts';
import { checkOnnx } from '../../export/check-onnx.ts';
import { genaiConfig } from '../../export/genai-config.ts';
import { writeOnnxFiles, type WrittenOnnx } from '../../export/onnx-file.ts';
import { writeSafetensors } from '../../model/safetensors-write.ts';
import { listTree } from '../../files/list-tree.ts';
import { copyCompanions, publishFolder, writeConfig, writeJson } from '../../model/write-folder.ts';
import { countParameters } from '../../nn/build.ts';
import type { HostWeights } from '../../runtime/weights.ts';
import { openWholeModel, readWeights, type Model } from '../../model/load-model.ts';
import { wholeWeight } from '../../model/whole-weight.ts';
import { EXPORT_REPORT, exportedFiles } from './folder.ts';
import { beginMeasure, measurePrecision } from './measure.ts';
import { textsFor } from './texts.ts';
import { TrainedModel } from './trained.ts';

type Wanted = Params<Commands, 'export'>;

/**
 * Writes a model as an ONNX folder in several precisions, opens what was written and measures how near each is, and
 * only then puts the folder in its place.
 */
export async function exportModel(
  wanted: Wanted, signal: AbortSignal, emit: (event: CommandEvent<Commands, 'export'>) => void,
): Promise<Result<Commands, 'export'>> {
  const { to, precisions, safetensors, texts: source, origin, replace } = wanted;
  if (precisions.length === 0 && !safetensors) throw new Problem('Nothing is to be exported.', { hint: 'Name a precision, or safetensors.' });
  const model = await openWholeModel(wanted.model);
  const total = 2 * precisions.length + 2;
  let done = 0;
  const step = (): void => {
    signal.throwIfAborted();
    emit({ event: 'phase', phase: 'export', done: done++, total });
  };
  let report: ExportReport | undefined;
  await publishFolder(to, async (folder) => {
    step();
    const weights = await readWeights(model);
    const shapes = new Map(model.parameters.map((parameter) => [parameter.name, parameter]));
    await mkdir(join(folder, 'onnx'), { recursive: true });
    const trained = new TrainedModel(model, weights);
    try {
      const texts = await textsFor(trained, source, signal);
      const measure = await beginMeasure(trained, texts, signal);
      report = {
        folder: to, parameters: countParameters(model.parameters), bytes: 0, precisions: [], safetensors: null, genai: null,
        measuredOn: { kind: source ? 'data' : 'own', texts: texts.length, tokens: texts.reduce((sum, { completion }) => sum + completion.length, 0) },
        trainedPerplexity: null, samples: measure.samples,
      };
      const outside: WrittenOnnx[] = [];
      for (const precision of precisions) {
        step();
        const written = await writeOnnxFiles(join(folder, 'onnx'), model.folder.config, precision, (name) => wholeWeight(weights, shapes.get(name)!));
        for (const { path } of written) await checkOnnx(path);
        step();
        const { trainedPerplexity, ...measured } = await measurePrecision(measure, precision, written.map(({ path }) => path), signal);
        const files = written.map(({ file, bytes }) => ({ name: `onnx/${file}`, bytes }));
        report.precisions.push({ ...measured, files, bytes: sum(files) } satisfies ExportedPrecision);
        report.trainedPerplexity = trainedPerplexity;
        outside.push(...written.filter(({ hasExternalData }) => hasExternalData));
      }
      step();
      if (safetensors) report.safetensors = await writeTrained(model, weights, folder);
      report.genai = await writeGenai(model, report.precisions, folder);
      await writeModelConfig(model, outside, folder);
      report.bytes = sum(report.precisions) + (report.safetensors?.bytes ?? 0);
      await copyCompanions(model.folder.companions, folder);
      await writeFile(join(folder, 'README.md'), modelCard(report, { name: basename(to), model: model.folder, origin }), { flush: true });
      await writeJson(join(folder, EXPORT_REPORT), { ...report, files: [...await listTree(folder), EXPORT_REPORT].sort() });
    } finally {
      await trained.release();
    }
    emit({ event: 'phase', phase: 'export', done: total, total });
  }, { replaces: replace ? EXPORT_REPORT : null, owned: exportedFiles });
  return report!;
}

const sum = (parts: readonly { bytes: number }[]): number => parts.reduce((total, { bytes }) => total + bytes, 0);

async function writeTrained(model: Model, weights: HostWeights, folder: string): Promise<ExportReport['safetensors']> {
  const name = 'model.safetensors';
  await writeSafetensors(join(folder, name), model.parameters.map((parameter) => ({ ...parameter, data: wholeWeight(weights, parameter) })), 'F32');
  return { name, bytes: (await stat(join(folder, name))).size };
}

/** ONNX Runtime GenAI runs one file of a folder: the smallest that keeps what it states, or the most exact. */
async function writeGenai({ folder: { config }, tokenizer }: Model, precisions: readonly ExportedPrecision[], folder: string): Promise<string | null> {
  const chosen = precisions.filter(({ keeps }) => keeps).sort((left, right) => left.bytes - right.bytes)[0] ?? precisions[0];
  const file = chosen?.files[0]?.name;
  const described = file === undefined ? null : genaiConfig({ config, file, bosId: tokenizer.bosId, eosIds: tokenizer.eosIds, padId: tokenizer.padId });
  if (!described) return null;
  await writeJson(join(folder, 'genai_config.json'), described);
  return file!;
}

/** The model's own config, and where transformers.js must look for weights that lie beside their graph. */
async function writeModelConfig({ folder: { rawConfig } }: Model, outside: readonly WrittenOnnx[], folder: string): Promise<void> {
  const places = { use_external_data_format: Object.fromEntries(outside.map(({ file }) => [file, true])) };
  await writeConfig(join(folder, 'config.json'), outside.length > 0 ? { ...rawConfig, 'transformers.js_config': places } : rawConfig);
}
