import type { z } from 'zod';

type Json = z.core.util.JSONType;
export type JsonObject = Record<string, Json>;

/** A document with changes (RFC 7396): objects are merged, `null` removes a field, all else replaces. */
export function mergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const merged = { ...target };
  for (const [name, change] of Object.entries(patch)) {
    const old = merged[name];
    if (change === null) delete merged[name];
    else merged[name] = isObject(change) ? mergePatch(isObject(old) ? old : {}, change) : change;
  }
  return merged;
}

const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);
