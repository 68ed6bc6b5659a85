import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readJsonFile } from '../files/json-file.ts';
import type { JsonObject } from '../files/json-object.ts';
import { refuseIrregular } from '../files/regular-file.ts';

/** The small files that belong to a model's weights (tokenizer, chat template, generation settings), wherever they are kept. */
export interface Companions {
  /** The model they belong to, for messages. */
  readonly model: string;
  /** Where a file is, for messages. */
  pathOf(name: string): string;
  /** A file's object; null where there is no such file. @throws Problem where it cannot be read */
  json(name: string): Promise<JsonObject | null>;
  /** A file as it is; null where there is no such file. */
  bytes(name: string): Promise<Uint8Array | null>;
}

/** Those of a model folder. */
export function inFolder(folder: string): Companions {
  return {
    model: folder,
    pathOf: (name) => join(folder, name),
    json: (name) => readJsonFile(join(folder, name)),
    bytes: async (name) => {
      await refuseIrregular(join(folder, name));
      return readFile(join(folder, name)).catch((error: unknown) => {
        if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return null;
        throw error;
      });
    },
  };
}

/** Files that another file stands for. @param files  objects by the names of their JSON files */
export function within(model: string, files: Readonly<Record<string, JsonObject>>): Companions {
  const find = (name: string): JsonObject | null => (Object.hasOwn(files, name) ? files[name]! : null);
  return {
    model,
    pathOf: () => model,
    json: (name) => Promise.resolve(find(name)),
    bytes: (name) => Promise.resolve(find(name) && new TextEncoder().encode(`${JSON.stringify(find(name), null, 2)}\n`)),
  };
}
