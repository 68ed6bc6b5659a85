import { cp, mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { version } from '../../../package.json' with { type: 'json' };
import type { Handover } from '../../contract/handover.ts';
import { Problem } from '../../contract/problem.ts';
import type { Recipe } from '../../contract/recipe.ts';
import { stagesOf } from '../../contract/stages.ts';
import { batchIndices } from '../../data/order.ts';
import { drawOnPolicy } from '../../distill/mixture.ts';
import { syncTree } from '../../files/sync-tree.ts';
import { differencesOf, planHandover, type Plan, type PlannedStage } from '../../handover/plan.ts';
import { handoverReadme } from '../../handover/readme.ts';
import { publishFolder } from '../../model/write-folder.ts';
import { eachExample, firstExamples, inMemory, type ExampleSet } from '../../text/example-set.ts';
import { resource } from '../resources.ts';
import { methodOf } from '../recipe/recipe-file.ts';
import { createRunFolder } from '../../run-folder/run-folder.ts';
import { lookAtInputs } from '../run/record/inputs.ts';
import { prepareStages, type PreparedStage } from '../run/stages/prepare-stages.ts';
import { inStage } from '../run/stages/stage-findings.ts';
import { handedExample } from './handed-example.ts';
import { folderOf, handedSettings } from './handed-settings.ts';

/** Lines written at once. */
const LINES = 256;

/**
 * Writes a folder that trains a recipe with TRL over torch.distributed, its stages one after the other: the scripts, the examples as
 * Retort renders and tokenizes them, in the order of the recipe's seed, and an empty run folder that Retort reads back.
 * @param to  a folder that is not there yet
 * @throws Problem that names what TRL has no counterpart of, or what keeps the recipe from being run at all; nothing is written then
 */
export async function writeHandover(recipe: Recipe, to: string, { signal }: { signal?: AbortSignal } = {}): Promise<Handover> {
  // What the recipe alone says is refused before models and data are read.
  for (const stage of stagesOf(recipe)) await inStage(stage, async () => planHandover(stage.recipe, methodOf(stage.recipe), { isEncoderDecoder: false, studentRows: 0, teacherRows: null }));
  const run = await prepareStages(recipe, join(to, 'run'), { ...(signal && { signal }) });
  const planned: PlannedStage[] = [];
  for (const stage of run.stages) planned.push(await inStage(stage, async () => ({ ...stage, plan: planOf(stage) })));
  const heldOut = await Promise.all(run.stages.map((stage) => firstExamples(stage.validation, stage.recipe.evaluate.examples)));
  await publishFolder(to, async (temporary) => {
    await cp(resource('handover'), temporary, { recursive: true });
    for (const [at, stage] of run.stages.entries()) {
      const data = join(temporary, 'data', folderOf(stage));
      await mkdir(data, { recursive: true });
      await writeExamples(join(data, 'train.jsonl'), stage.train, signal);
      await writeExamples(join(data, 'validation.jsonl'), inMemory(heldOut[at]!), signal);
      await writeOrder(data, stage, signal);
    }
    const settings = { retort: version, ...handedSettings(run, planned.map(({ plan }) => plan.method)), inputs: await lookAtInputs(recipe) };
    await writeFile(join(temporary, 'settings.json'), `${JSON.stringify(settings, null, 1)}\n`);
    await writeFile(join(temporary, 'README.md'), handoverReadme(recipe, planned));
    await (await createRunFolder(join(temporary, 'run'), recipe)).close();
    await syncTree(temporary);
  });
  return { folder: to, differences: differencesOf(planned), stages: planned.length, examples: run.stages.reduce((sum, { train }) => sum + train.count, 0), heldOut: Math.max(...heldOut.map(({ length }) => length)) };
}

function planOf({ recipe, method, alignment, student, teacher }: PreparedStage): Plan {
  if (alignment) {
    throw new Problem('Teacher and student have different tokenizers, and TRL\'s GKD trainer compares tokens of one.', { hint: 'Train it here (retort run), or choose a teacher of the student\'s family.' });
  }
  return planHandover(recipe, method, { isEncoderDecoder: student.decoder.encoder !== null, studentRows: student.decoder.vocabSize, teacherRows: teacher?.decoder.vocabSize ?? null });
}

async function writeExamples(path: string, examples: ExampleSet, signal?: AbortSignal): Promise<void> {
  const file = await open(path, 'w');
  try {
    const lines: string[] = [];
    for await (const example of eachExample(examples)) {
      signal?.throwIfAborted();
      lines.push(`${JSON.stringify(handedExample(example))}\n`);
      if (lines.length === LINES) await file.writeFile(lines.splice(0).join(''));
    }
    await file.writeFile(lines.join(''));
  } finally {
    await file.close();
  }
}

/** Which example comes when, as uint32 (little-endian), and who writes at each step, 1 for the student. */
async function writeOrder(data: string, { recipe, steps, train, method }: PreparedStage, signal?: AbortSignal): Promise<void> {
  const order = await open(join(data, 'order.bin'), 'w');
  const writers = Buffer.alloc(steps);
  try {
    for (let step = 1; step <= steps; step++) {
      signal?.throwIfAborted();
      const visits = batchIndices(step, recipe.train.batchSize, train.count, recipe.seed, recipe.data.shuffle);
      const bytes = Buffer.alloc(4 * visits.length);
      visits.forEach((visit, at) => bytes.writeUInt32LE(visit, 4 * at));
      await order.writeFile(bytes);
      writers[step - 1] = drawOnPolicy({ ...method, mixing: 'batch' }, recipe.seed, step, 1)[0] ? 1 : 0;
    }
  } finally {
    await order.close();
  }
  await writeFile(join(data, 'on-policy.bin'), writers);
}
