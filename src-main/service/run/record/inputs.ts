import { existsSync } from 'node:fs';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Problem } from '../../../contract/problem.ts';
import { TEMPLATE_FILES } from '../../../contract/template-files.ts';
import type { Recipe } from '../../../contract/recipe.ts';
import { rememberedDigest } from '../../../files/digest.ts';
import { baseOf } from '../../../model/adapter/open-adapted.ts';
import { readPeftConfig } from '../../../model/adapter/peft-config.ts';
import { isAdapter } from '../../../model/adapter/saved-adapter.ts';
import { writeWhole } from '../../../files/write-whole.ts';
import { filesNamedLike } from '../../../model/gguf/split.ts';

const FILE = 'inputs.json';
/** What of a model folder shapes a run: its config, weights, tokenizer and templates. */
const MODEL_FILES = /\.(json|jinja|model|safetensors|gguf|txt)$/;

const inputsSchema = z.array(z.object({ field: z.string(), path: z.string(), bytes: z.int(), sha256: z.string() }));

/** A file that a run reads, and the field of the recipe that leads to it. */
type Input = z.infer<typeof inputsSchema>[number];

/** Every file a run reads, with its contents in short. @throws Problem where one is not there. */
export async function lookAtInputs(recipe: Recipe, { withoutStudent = false } = {}): Promise<Input[]> {
  const { data, student, teacher, stages = [] } = recipe;
  const named: [string, string | undefined][] = [
    ['data.train', data.train], ['data.validation', data.validation], ['data.shots.file', data.shots?.file],
    ...stages.flatMap((stage, at): [string, string | undefined][] => [[`stages.${at}.data.train`, stage.data?.train], [`stages.${at}.data.shots.file`, stage.data?.shots?.file]]),
    ['student.model', withoutStudent ? undefined : student.model], ['teacher.model', teacher?.model],
  ];
  const inputs: Input[] = [];
  for (const [field, path] of named) if (path !== undefined) inputs.push(...await digestsOf(field, path));
  return inputs;
}

/** What a field of the recipe leads to: a file, or those of a model's folder. @throws Problem where it is not there. */
export async function digestsOf(field: string, path: string): Promise<Input[]> {
  const inputs: Input[] = [];
  for (const file of await filesOf(field, path)) inputs.push(await describe(field, file));
  return inputs;
}

/** What a run folder notes of its inputs; null where an older version noted nothing. */
export async function readInputs(runDir: string): Promise<Input[] | null> {
  try {
    return inputsSchema.parse(JSON.parse(await readFile(join(runDir, FILE), 'utf8')));
  } catch {
    return null;
  }
}

export async function writeInputs(runDir: string, inputs: readonly Input[]): Promise<void> {
  await writeWhole(join(runDir, FILE), [`${JSON.stringify(inputs, null, 2)}\n`], { replace: true });
}

/** What has changed since, one phrase a file; files are compared by what they hold, whatever their place. */
export function changesOf(before: readonly Input[], now: readonly Input[]): string[] {
  const key = ({ field, path }: Input): string => `${field} ${path}`;
  const old = new Map(before.map((input) => [key(input), input]));
  const changed = now.flatMap((input) => {
    const was = old.get(key(input));
    old.delete(key(input));
    if (!was) return [`${key(input)} is new`];
    if (was.sha256 === input.sha256) return [];
    return [was.bytes === input.bytes ? `${key(input)} holds something else` : `${key(input)} had ${was.bytes} bytes and has ${input.bytes}`];
  });
  return [...changed, ...[...old.keys()].map((name) => `${name} is not there`)];
}

async function filesOf(field: string, path: string): Promise<string[]> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new Problem(`${field}: ${path} is not there.`, { hint: 'Bring it back to this place, or put a link there to where it is now.', cause });
  });
  if (!found.isDirectory()) return filesNamedLike(path);
  const within = TEMPLATE_FILES.filter((name) => name.includes('/') && existsSync(join(path, name)));
  const names = [...(await readdir(path)).filter((name) => MODEL_FILES.test(name)), ...within].sort();
  // What an adapter stands beside shapes a run as much.
  const beside = isAdapter(path) ? await filesOf(field, baseOf(path, await readPeftConfig(path))) : [];
  return [...names.map((name) => join(path, name)), ...beside];
}

async function describe(field: string, path: string): Promise<Input> {
  try {
    return { field, path, bytes: (await stat(path)).size, sha256: await rememberedDigest(path) };
  } catch (cause) {
    throw new Problem(`${field}: ${path} cannot be read.`, { hint: 'Check that it is a file that you may read.', cause });
  }
}
