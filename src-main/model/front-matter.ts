import { parse } from 'yaml';
import { isJsonObject, type JsonObject } from '../files/json-object.ts';

/** What stands in YAML before the text of a model card; nothing where there is none, or it cannot be read. */
export function frontMatter(card: string): JsonObject {
  const yaml = /^\uFEFF?---\r?\n(.*?)\r?\n---\s*(\r?\n|$)/s.exec(card)?.[1];
  if (yaml === undefined) return {};
  try {
    const read: unknown = parse(yaml);
    return isJsonObject(read) ? read : {};
  } catch {
    return {};
  }
}
