import type { Change } from './finding.ts';
import { mergePatch, type JsonObject } from './merge-patch.ts';

/** A recipe with a change made. A stage is found by its name, wherever it stands by now; one that is gone is left alone. */
export function applyChange(recipe: JsonObject, { patch, stage }: Change): JsonObject {
  const { stages } = recipe;
  if (!stage || !Array.isArray(stages)) return mergePatch(recipe, patch as JsonObject);
  const { stages: _, ...rest } = patch as JsonObject;
  const changed = mergePatch(recipe, rest);
  const given = stages as JsonObject[];
  const isThere = given.some(({ name }) => name === stage.name);
  if (stage.isNew) return { ...changed, stages: isThere ? given : [{ name: stage.name, ...stage.patch as JsonObject }, ...given] };
  return { ...changed, stages: given.map((each) => (each['name'] === stage.name ? mergePatch(each, stage.patch as JsonObject) : each)) };
}
