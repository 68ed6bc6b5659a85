import { cp, mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { version } from '../../../package.json' with { type: 'json' };
import type { Handover } from '../../contract/handover.ts';
import type { Method } from '../../contract/presets.ts';
import { Problem } from '../../contract/problem.ts';
import type { Recipe } from '../../contract/recipe.ts';
import { batchIndices } from '../../data/order.ts';
import { drawOnPolicy } from '../../distill/mixture.ts';
import { syncTree } from '../../files/sync-tree.ts';
import { planHandover, type Plan } from '../../handover/plan.ts';
import { handoverReadme } from '../../handover/readme.ts';
import { publishFolder } from '../../model/write-folder.ts';
import { eachExample, firstExamples, inMemory, type ExampleSet } from '../../text/example-set.ts';
import { resource } from '../resources.ts';
import { methodOf } from '../recipe/recipe-file.ts';
import { createRunFolder } from '../../run-folder/run-folder.ts';
import { lookAtInputs } from '../run/record/inputs.ts';
import { prepareRun, type PreparedRun } from '../run/look/prepare.ts';
import { handedExample } from './handed-example.ts';
import { handedSettings } from './handed-settings.ts';

/** Lines written at once. */
const LINES = 256;

/**
 * Writes a folder that trains a recipe with TRL over torch.distributed: the scripts, the examples as Retort renders and
 * tokenizes them, in the order of the recipe's seed, and an empty run folder that Retort reads back.
 * @param to  a folder that is not there yet
 * @throws Problem that names what TRL has no counterpart of, or what keeps the recipe from being run at all; nothing is written then
 */
export async function writeHandover(recipe: Recipe, to: string, { signal }: { signal?: AbortSignal } = {}): Promise<Handover> {
  if (recipe.stages) {
    throw new Problem(`The recipe has ${recipe.stages.length} stages, and a folder for a cluster trains one: its optimizer and schedules begin once.`, {
      hint: 'Hand over one stage as a recipe of its own, and then the next with the student that comes back (retort adopt); or train it here: retort run.',
    });
  }
  const method = methodOf(recipe);
  // What the recipe alone says is refused before models and data are read.
  planHandover(recipe, method, { isEncoderDecoder: false, studentRows: 0, teacherRows: null });
  const run = await prepareRun(recipe, join(to, 'run'), { ...(signal && { signal }) });
  if (run.alignment) {
    throw new Problem('Teacher and student have different tokenizers, and TRL\'s GKD trainer compares tokens of one.', { hint: 'Train it here (retort run), or choose a teacher of the student\'s family.' });
  }
  const plan = planHandover(recipe, method, {
    isEncoderDecoder: run.student.decoder.encoder !== null, studentRows: run.student.decoder.vocabSize, teacherRows: run.teacher?.decoder.vocabSize ?? null,
  });
  const heldOut = await firstExamples(run.validation, recipe.evaluate.examples);
  await publishFolder(to, async (temporary) => {
    await mkdir(join(temporary, 'data'), { recursive: true });
    await cp(resource('handover'), temporary, { recursive: true });
    await writeExamples(join(temporary, 'data', 'train.jsonl'), run.train, signal);
    await writeExamples(join(temporary, 'data', 'validation.jsonl'), inMemory(heldOut), signal);
    await writeOrder(join(temporary, 'data'), run, method, signal);
    await writeSettings(temporary, run, plan);
    await (await createRunFolder(join(temporary, 'run'), recipe)).close();
    await syncTree(temporary);
  });
  return { folder: to, differences: plan.differences, examples: run.train.count, heldOut: heldOut.length };
}

async function writeSettings(folder: string, run: PreparedRun, plan: Plan): Promise<void> {
  const settings = { retort: version, ...handedSettings(run, plan.method), inputs: await lookAtInputs(run.recipe) };
  await writeFile(join(folder, 'settings.json'), `${JSON.stringify(settings, null, 1)}\n`);
  await writeFile(join(folder, 'README.md'), handoverReadme(run.recipe, run.method, plan));
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
async function writeOrder(data: string, { recipe, steps, train }: PreparedRun, method: Method, signal?: AbortSignal): Promise<void> {
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
