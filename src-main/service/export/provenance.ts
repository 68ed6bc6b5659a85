import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { basename, join } from 'node:path';
import { version } from '../../../package.json' with { type: 'json' };
import type { ExportOrigin } from '../../contract/export-report.ts';
import { pathsOf } from '../../contract/recipe-paths.ts';
import type { Held, ReproducedRun, Reproduction } from '../../contract/reproduction.ts';
import type { Commands } from '../../contract/worker.ts';
import type { Params } from '../../contract/worker-host.ts';
import { shareableRecipe, shareableText, withoutFolders } from '../../export/without-folders.ts';
import { digestOfText } from '../../files/digest.ts';
import { runPaths } from '../../run-folder/run-folder.ts';
import { readCheckpointState } from '../../run-folder/checkpoint-state.ts';
import { readFirstDay } from '../run/record/first-day.ts';
import { digestsOf, lookAtInputs, readInputs } from '../run/record/inputs.ts';
import { dayOf } from '../examples/this-day.ts';

/** The file of an export that says what made it. */
export const PROVENANCE = 'retort-reproduce.json';

type Wanted = Pick<Params<Commands, 'export'>, 'model' | 'to' | 'parts' | 'texts' | 'origin'>;

/** The program that computes here, and what it computes on. */
export function here(): Pick<Reproduction, 'retort' | 'onnxruntime' | 'platform' | 'processor'> {
  const { version: onnxruntime } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  return { retort: version, onnxruntime, platform: `${process.platform} ${process.arch}`, processor: cpus()[0]?.model.trim() ?? '' };
}

/** What an export is made from. @throws Problem where a file that it stands on is not there and was never noted */
export async function provenanceOf({ model, to, parts, texts, origin }: Wanted): Promise<Reproduction> {
  const inputs = origin ? await inputsOf(origin) : await held('model', model);
  // A run's own data are among its inputs.
  const measured = texts && !inputs.some(({ name }) => name === basename(texts.data)) ? await held('texts', texts.data) : [];
  return {
    format: 1, name: basename(to), ...here(), run: origin && await runOf(origin), model: origin ? null : basename(model), inputs: [...inputs, ...measured],
    texts: texts && { ...texts, data: basename(texts.data) }, parts,
  };
}

/** What the run noted when it began; one of an older version, what is there now. */
async function inputsOf({ runDir, recipe }: ExportOrigin): Promise<Held[]> {
  const noted = await readInputs(runDir) ?? await lookAtInputs(recipe).catch(() => []);
  const judges = pathsOf(recipe).filter(([field]) => field.endsWith('reward.model'));
  return [...noted.map(named), ...(await Promise.all(judges.map(([field, path]) => held(field, path)))).flat()];
}

async function runOf({ run: name, runId: id, runDir, step, recipe, engine, remarks }: ExportOrigin): Promise<ReproducedRun> {
  const state = step === 0 || engine !== null ? null : await readCheckpointState(join(runPaths(runDir).checkpoints, `step-${step}`)).catch(() => null);
  const day = await readFirstDay(runDir);
  return {
    id, name, step, recipe: withoutFolders(recipe), recipeSha256: digestOfText(shareableRecipe(recipe)),
    threads: state?.threads ?? null, microBatchSizes: state && (state.stageMicroBatchSizes ?? [state.microBatchSize]), device: state?.device ?? null, day: day && dayOf(day),
    engine, remarks: remarks.map(shareableText),
  };
}

const held = async (field: string, path: string): Promise<Held[]> => (await digestsOf(field, path)).map(named);
const named = ({ field, path, bytes, sha256 }: { field: string; path: string; bytes: number; sha256: string }): Held => ({ field, name: basename(path), bytes, sha256 });
