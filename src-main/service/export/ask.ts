import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { namesOfPart, type ExportPart } from '../../contract/export-parts.ts';
import type { ExportOrigin, ExportRecord, ExportReport, ExportSubject } from '../../contract/export-report.ts';
import { engineText } from '../../contract/handover.ts';
import type { RunRecord } from '../../contract/history.ts';
import type { Commands } from '../../contract/worker.ts';
import type { Params } from '../../contract/worker-host.ts';
import { readEvaluations } from '../../store/evaluations.ts';
import { insertExport } from '../../store/exports.ts';
import { readLastOf } from '../../store/log.ts';
import { findRun } from '../../store/runs.ts';
import type { Database } from '../../store/sqlite.ts';
import { modelIn, momentOf } from '../../run-folder/moments.ts';
import { heldOut, viewOf } from '../inspect/of-run.ts';

type Asked = Pick<Params<Commands, 'export'>, 'model' | 'texts' | 'origin'> & Pick<ExportRecord, 'run' | 'step'>;

/** What is to be exported, where it comes from, and the texts it is measured on. @throws Problem where the run or checkpoint is not there. */
export async function askOf(database: Database, subject: ExportSubject): Promise<Asked> {
  if (subject.kind === 'model') return askOfModel(database, modelIn(subject.path));
  const run = await findRun(database, subject.runId);
  const { step, path } = await momentOf(run, subject.step ?? null);
  return { model: path, texts: textsOf(run), run: run.id, step, origin: await originOf(database, run, step) };
}

/** A model folder; where it is that of a checkpoint of a known run, it comes from there. */
async function askOfModel(database: Database, model: string): Promise<Asked> {
  const [, runDir, step] = /^(.+)[\\/]checkpoints[\\/]step-(\d+)[\\/]model$/.exec(model) ?? [];
  const run = runDir === undefined ? null : await findRun(database, runDir).catch(() => null);
  return { model, texts: null, origin: run && await originOf(database, run, Number(step)), run: run?.id ?? null, step: run && Number(step) };
}

/** What the log of a run says that its recipe does not. */
const REMARKS = ['changed', 'inputs', 'device', 'text', 'recipe'];

async function originOf(database: Database, run: RunRecord, step: number): Promise<ExportOrigin> {
  const evaluations = (await readEvaluations(database, run.id)).filter((evaluation) => evaluation.step <= step);
  const last = evaluations.at(-1);
  return {
    run: run.name, runId: run.id, runDir: run.runDir, step, recipe: run.recipe,
    engine: run.engine && engineText(run.engine), remarks: await readLastOf(database, run.id, REMARKS),
    evaluation: last ? {
      step: last.step, examples: last.examples,
      metrics: Object.fromEntries(Object.entries({
        ...last.metrics, 'divergence, in nats a token': { value: last.divergence, low: last.divergenceLow, high: last.divergenceHigh },
        'loss, in nats a token': { value: last.loss, low: last.lossLow, high: last.lossHigh },
      }).flatMap(([name, { value, low, high }]) => (value === null ? [] : [[name, { value, low, high }]]))),
    } : null,
  };
}

/** Held-out examples, or those it learned from; nothing where the file has gone. */
function textsOf({ recipe }: RunRecord): Asked['texts'] {
  const { data, validation, validationShare } = { ...recipe.data, data: recipe.data.train };
  const source = validation === undefined && validationShare === undefined ? { data, holdOut: null } : heldOut(recipe);
  return existsSync(source.data) ? { ...source, view: viewOf(recipe) } : null;
}

/** Writes an export into the history. */
export async function keepExport(database: Database, { model, run, step }: Asked, parts: readonly ExportPart[], report: ExportReport): Promise<number> {
  return insertExport(database, { run, step, source: model, folder: report.folder, precision: parts.flatMap(namesOfPart).join(','), bytes: report.bytes, report });
}

/** A folder in the data folder that is not there yet. */
export function freshFolder(home: string, name: string): string {
  const base = name.toLowerCase().replaceAll(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+/, '') || 'export';
  for (let count = 1; ; count++) {
    const path = join(home, 'exports', count === 1 ? base : `${base}-${count}`);
    if (!existsSync(path)) return path;
  }
}
