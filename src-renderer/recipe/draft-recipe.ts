import type { UnfinishedRecipe } from './paths.ts';

/** The run of a small model that shall draft for a large one; its prompts are still to be chosen. */
export const draftRecipe = (draft: string, target: string): UnfinishedRecipe => ({
  teacher: { model: target }, student: { model: draft }, method: { preset: 'distillspec' }, train: { epochs: 1 }, evaluate: { metrics: ['acceptance'] },
});
