import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { namesOfPart, type ExportPart } from '../../contract/export-parts.ts';
import { localTeacher } from '../../contract/local-teacher.ts';
import type { ExportedOther, ExportReport } from '../../contract/export-report.ts';
import { Problem } from '../../contract/problem.ts';
import type { Commands } from '../../contract/worker.ts';
import type { CommandEvent, Params, Result } from '../../contract/worker-host.ts';
import { modelCard } from '../../export/card/card.ts';
import { listTree } from '../../files/list-tree.ts';
import type { JsonObject } from '../../files/json-object.ts';
import { openWholeModel, readWeights } from '../../model/load-model.ts';
import { piecesInMemory, wholeWeight } from '../../model/whole-weight.ts';
import { copyCompanions, publishFolder, writeConfig, writeJson } from '../../model/write-folder.ts';
import { countParameters } from '../../nn/build.ts';
import { EXPORT_REPORT, exportedFiles } from './folder.ts';
import { formatOf } from './formats/formats.ts';
import { lineageOf } from './lineage.ts';
import type { ExportJob } from './job.ts';
import { beginMeasure } from './measure.ts';
import { openingPrompt } from './opening-prompt.ts';
import { PROVENANCE, provenanceOf } from './provenance.ts';
import { textsFor } from './texts.ts';
import { TrainedModel } from './trained.ts';

type Wanted = Params<Commands, 'export'>;

/**
 * Writes a model into a folder in each of the wanted formats, opens what was written and measures how near it is, and
 * only then puts the folder in its place.
 */
export async function exportModel(
  { model: path, to, parts, texts: source, origin, replace, peers }: Wanted, signal: AbortSignal, emit: (event: CommandEvent<Commands, 'export'>) => void,
): Promise<Result<Commands, 'export'>> {
  if (parts.flatMap(namesOfPart).length === 0) throw new Problem('Nothing is to be exported.', { hint: 'Name a format and a type of it.' });
  const model = await openWholeModel(path);
  for (const part of parts) await formatOf(part).check?.(model);
  const total = parts.reduce((sum, part) => sum + formatOf(part).steps(part), 2);
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
    await mkdir(folder);
    const trained = new TrainedModel(model, weights);
    try {
      const texts = await textsFor(trained, source, signal);
      const measure = await beginMeasure(trained, texts, signal);
      report = {
        folder: to, parameters: countParameters(model.parameters), bytes: 0, precisions: [], safetensors: null, genai: null,
        measuredOn: { kind: source ? 'data' : 'own', texts: texts.length, tokens: texts.reduce((sum, { completion }) => sum + completion.length, 0) },
        trainedPerplexity: null, samples: measure.samples, prompt: openingPrompt(model, texts[0]!.prompt),
      };
      const others: ExportedOther[] = [];
      let config: JsonObject = model.folder.rawConfig;
      for (const part of parts) {
        const made = await formatOf(part).write(part, { model, measure, folder, name: basename(to), peers: peers ?? null, draftFor: draftOf(origin), isAlone: parts.flatMap(namesOfPart).length === 1, signal, step, weight: (name) => wholeWeight(weights, shapes.get(name)!), pieces: (name) => piecesInMemory(weights, shapes.get(name)!) });
        report = { ...report, ...made.report, bytes: report.bytes + made.bytes };
        config = { ...config, ...made.config };
        others.push(...made.others ?? []);
      }
      if (others.length > 0) report = { ...report, others };
      step();
      if (parts.some(needsCompanions)) {
        await writeConfig(join(folder, 'config.json'), config);
        await copyCompanions(model.folder.companions, folder);
      }
      await writeJson(join(folder, PROVENANCE), await provenanceOf({ model: path, to, parts, texts: source, origin }));
      await writeFile(join(folder, 'README.md'), modelCard(report, { name: basename(to), model: model.folder, origin, lineage: await lineageOf(path, origin) }), { flush: true });
      await writeJson(join(folder, EXPORT_REPORT), { ...report, files: [...await listTree(folder), EXPORT_REPORT].sort() });
    } finally {
      await trained.release();
    }
    emit({ event: 'phase', phase: 'export', done: total, total });
  }, { replaces: replace ? EXPORT_REPORT : null, owned: exportedFiles });
  return report!;
}

/** Whom a student was trained to draft for, where that one lies here. */
function draftOf(origin: Wanted['origin']): ExportJob['draftFor'] {
  const target = origin?.recipe.method.preset === 'distillspec' ? localTeacher(origin.recipe) : null;
  return target && existsSync(target.model) ? { model: target.model, draftTokens: origin!.recipe.evaluate.draftTokens } : null;
}

const needsCompanions = (part: ExportPart): boolean => formatOf(part).needsCompanions;
