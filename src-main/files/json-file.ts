import { readFile } from 'node:fs/promises';
import { Problem } from '../contract/problem.ts';
import { checkNesting } from './json-nesting.ts';
import { isJsonObject, type JsonObject } from './json-object.ts';
import { refuseIrregular } from './regular-file.ts';

/** A JSON file that holds an object; null where there is no such file. Throws a `Problem` where it cannot be read. */
export async function readJsonFile(path: string): Promise<JsonObject | null> {
  let text: string;
  await refuseIrregular(path);
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
    throw new Problem(`${path} is not JSON: ${reasonOf(cause)} in line ${brokenLine(text)}`, {
      hint: 'Look for a missing comma, quote or bracket, or copy the file again.', cause,
    });
  }
  if (!isJsonObject(value)) throw new Problem(`${path} holds no JSON object`);
  checkNesting(value, path);
  return value;
}

/** What the parser says, without the piece of the text that it repeats. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/(( in JSON)? at position |, (\.\.\.)?").*/s, '');
}

/** The line, from 1, after which nothing that follows could make the text JSON. The parser does not always name a place. */
function brokenLine(text: string): number {
  const lines = text.split('\n');
  let [low, high] = [0, lines.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (canContinue(`${lines.slice(0, middle + 1).join('\n')}\n`)) low = middle + 1;
    else high = middle;
  }
  return low + 1;
}

function canContinue(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    // It asks for more in either of two ways.
    return message.includes('end of JSON input') || Number(/at position (\d+)/.exec(message)?.[1]) === text.length;
  }
}
