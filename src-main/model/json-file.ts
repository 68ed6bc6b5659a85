import { readFile } from 'node:fs/promises';
import { Problem } from '../contract/problem.ts';
import { isJsonObject, type JsonObject } from './config/fields.ts';

/** A JSON file that holds an object; null where there is no such file. Throws a `Problem` where it cannot be read. */
export async function readJsonFile(path: string): Promise<JsonObject | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR')) return null;
    throw new Problem(`${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Problem(`${path} is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  if (!isJsonObject(value)) throw new Problem(`${path} holds no JSON object`);
  return value;
}
