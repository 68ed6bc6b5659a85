import { Problem } from '../../../contract/problem.ts';
import type { Recipe } from '../../../contract/recipe.ts';
import type { Material, MemoryOutlook } from '../../../checks/needs.ts';
import { forecastMemory } from '../../../forecast/memory-forecast.ts';
import { remediesFor } from '../../../forecast/remedies.ts';
import { NO_EXAMPLES } from '../../../text/example-set.ts';
import { chooseMicroBatchSize } from './micro-batch-size.ts';

type Sources = Pick<Material, 'method' | 'student' | 'adapter' | 'shipping' | 'teacher' | 'sharedVocabulary' | 'alignment' | 'train' | 'validation' | 'heldOut'>;

/**
 * What a run will take of memory. Data that is wrong, or models that do not fit each other, are told of by themselves; how
 * large the models are is known all the same, and texts count as long as the recipe lets them be.
 */
export async function memoryOf(recipe: Recipe, sources: Sources): Promise<MemoryOutlook> {
  const [method, student, adapter, shipping, teacher] = [await sources.method(), await sources.student(), await sources.adapter(), await sources.shipping(), await sources.teacher()];
  const [train, validation, shared, alignment] = [await orNull(sources.train()), await orNull(sources.validation()), await orNull(sources.sharedVocabulary()), await orNull(sources.alignment())];
  const microBatchSize = await chooseMicroBatchSize(recipe, student, train ?? NO_EXAMPLES, method.samplesPerPrompt);
  const inputs = {
    recipe, heldOut: await sources.heldOut(), method, student, adapter, shipping, teacher, train, microBatchSize, sharedVocabulary: shared ?? student.decoder.vocabSize, alignment,
    writesAnswers: recipe.evaluate.metrics.length > 0 && (validation === null || validation.count > 0),
  };
  return { microBatchSize, forecast: forecastMemory(inputs), remedies: () => remediesFor(inputs) };
}

/** Null where there is a problem of the input. */
async function orNull<T>(work: Promise<T>): Promise<T | null> {
  return work.catch((error: unknown) => {
    if (error instanceof Problem && error.kind === 'input') return null;
    throw error;
  });
}
