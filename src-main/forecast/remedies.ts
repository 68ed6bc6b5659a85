import { setImmediate as turn } from 'node:timers/promises';
import type { Remedy } from '../contract/forecast.ts';
import { adapterSchema } from '../contract/adapter.ts';
import type { Recipe } from '../contract/recipe.ts';
import { recomputes } from '../distill/activations.ts';
import { trainedAdapter } from '../model/adapter/trained-adapter.ts';
import { forecastMemory, type MemoryInputs } from './memory-forecast.ts';

/** Less than this share of the peak is not worth a change. */
const WORTH = 0.02;

/** A change of the recipe that leaves the run what it is, and what it means for what is known of it. */
interface Change { label: string; patch: Remedy['patch']; inputs: MemoryInputs }

/** What lowers the peak of a run, each with the peak that it leaves; the one that helps most first. */
export async function remediesFor(inputs: MemoryInputs): Promise<Remedy[]> {
  const { peak } = forecastMemory(inputs);
  const found: Remedy[] = [];
  for (const { label, patch, inputs: changed } of [...smallerBatches(inputs), ...smallerTeachers(inputs), ...turns(inputs), ...keptAnswers(inputs), ...fewerActivations(inputs), ...smallerMoments(inputs), ...besideWeights(inputs)]) {
    // Each traces a graph, of a large model for a second: whoever listens for this process hears it in between.
    await turn();
    found.push({ label, patch, peak: forecastMemory(changed).peak });
  }
  return found
    .filter((remedy) => remedy.peak < (1 - WORTH) * peak)
    .sort((a, b) => a.peak - b.peak);
}

function smallerBatches(inputs: MemoryInputs): Change[] {
  const now = Math.min(inputs.microBatchSize, inputs.recipe.train.batchSize);
  const sizes = new Set([Math.ceil(now / 2), 1]);
  return [...sizes].filter((size) => size < now).map((size) => ({
    label: `Compute ${size === 1 ? 'one example' : `${size} examples`} at once`, patch: { train: { microBatchSize: size } }, inputs: { ...inputs, microBatchSize: size },
  }));
}

function smallerTeachers(inputs: MemoryInputs): Change[] {
  const { teacher } = inputs.recipe;
  if (!inputs.teacher || teacher?.precision !== 'fp32') return [];
  return (['fp16', 'int8', 'int4'] as const).map((precision) => ({
    label: `Keep the teacher in ${precision}`, patch: { teacher: { precision } }, inputs: withRecipe(inputs, { teacher: { ...teacher, precision } }),
  }));
}

/** A fresh adapter, and the weights beside it in fewer bits. */
function besideWeights(inputs: MemoryInputs): Change[] {
  const { student } = inputs.recipe;
  const change = (settings: Recipe['student'], label: string, patch: object): Change => (
    { label, patch: { student: patch }, inputs: { ...withRecipe(inputs, { student: settings }), adapter: trainedAdapter(inputs.student.folder, settings) } });
  if (!inputs.adapter) {
    const adapter = adapterSchema.parse({});
    return [change({ ...student, adapter }, 'Train an adapter', { adapter: {} }), change({ ...student, adapter, precision: 'fp16' }, 'Train an adapter beside weights in fp16', { adapter: {}, precision: 'fp16' })];
  }
  if ((student.precision ?? 'fp32') !== 'fp32') return [];
  return (['fp16', 'int8', 'int4'] as const).map((precision) => change({ ...student, precision }, `Keep the weights beside the adapter in ${precision}`, { precision }));
}

function turns(inputs: MemoryInputs): Change[] {
  const { train } = inputs.recipe;
  if (!inputs.teacher || train.phases) return [];
  return [{ label: 'Hold the teacher only while it judges', patch: { train: { phases: true } }, inputs: withRecipe(inputs, { train: { ...train, phases: true } }) }];
}

/** Of use where the student never writes: then the teacher is not needed while it learns. */
function keptAnswers(inputs: MemoryInputs): Change[] {
  const { teacher } = inputs.recipe;
  if (!inputs.teacher || !teacher || teacher.cache !== false || inputs.method.lambda > 0) return [];
  return [{ label: 'Keep what the teacher thinks of the texts on the disk', patch: { teacher: { cache: true } }, inputs: withRecipe(inputs, { teacher: { ...teacher, cache: true } }) }];
}

function fewerActivations(inputs: MemoryInputs): Change[] {
  const { train } = inputs.recipe;
  if (recomputes(inputs.recipe, inputs.student)) return [];
  return [{ label: 'Compute layers again instead of keeping them', patch: { train: { recompute: true } }, inputs: withRecipe(inputs, { train: { ...train, recompute: true } }) }];
}

function smallerMoments(inputs: MemoryInputs): Change[] {
  const { train } = inputs.recipe;
  if (train.optimizer === 'adafactor') return [];
  const adafactor: Change = {
    label: 'Update with adafactor', patch: { train: { optimizer: 'adafactor', ...(train.moments === 'bf16' && { moments: 'fp32' }) } },
    inputs: withRecipe(inputs, { train: { ...train, optimizer: 'adafactor', moments: 'fp32' } }),
  };
  if (train.moments === 'bf16') return [adafactor];
  return [adafactor, { label: 'Keep AdamW\'s moments in bf16', patch: { train: { moments: 'bf16' } }, inputs: withRecipe(inputs, { train: { ...train, moments: 'bf16' } }) }];
}

const withRecipe = (inputs: MemoryInputs, changes: Partial<Recipe>): MemoryInputs => ({ ...inputs, recipe: { ...inputs.recipe, ...changes } });
