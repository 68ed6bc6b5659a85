import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FILE_END } from '../../src-main/contract/file-ends.ts';
import { findFile, modelPlaces, type SoughtFile } from '../../src-main/studio/find-file.ts';

/** Longer than both ends together. */
const content = Buffer.from(Uint8Array.from({ length: 3 * FILE_END + 17 }, (_, at) => (at * 7 + (at >> 9)) % 251));
const modified = 1_700_000_000_123;
const ends = createHash('sha256').update(content.subarray(0, FILE_END)).update(content.subarray(-FILE_END)).digest('hex');
const sought: SoughtFile = { name: 'model Q4.gguf', bytes: content.length, modified, ends };

let home: string;
beforeAll(async () => { home = await mkdtemp(join(tmpdir(), 'retort-find-')); });
afterAll(() => rm(home, { recursive: true }));

async function put(folder: string, bytes: Uint8Array = content, time = modified): Promise<string> {
  await mkdir(join(home, folder), { recursive: true });
  const path = join(home, folder, sought.name);
  await writeFile(path, bytes);
  await utimes(path, time / 1000, time / 1000);
  return path;
}

it('finds nothing where there is nothing', async () => {
  expect(await findFile(sought, modelPlaces(home))).toBeNull();
});

it('passes over files of the same name that are others', async () => {
  const changed = Buffer.from(content);
  changed[changed.length - 1]! ^= 1;
  await put('Downloads', changed);
  await put('models', content.subarray(1));
  await put('Desktop', content, modified + 60_000);
  await mkdir(join(home, 'Documents', sought.name), { recursive: true });
  expect(await findFile(sought, modelPlaces(home))).toBeNull();
});

it('finds a file where another program keeps its models, and first where it lies nearest', async () => {
  const deep = await put('.lmstudio/models/publisher/name');
  expect(await findFile(sought, modelPlaces(home))).toBe(deep);
  await put('elsewhere/deeper/than/looked/at');
  const near = await put('elsewhere');
  expect(await findFile(sought, [{ path: join(home, 'elsewhere'), depth: 1 }, ...modelPlaces(home)])).toBe(near);
});

it('knows a file that is shorter than its ends', async () => {
  const short = Buffer.from('GGUF');
  const path = await put('short', short);
  const digest = createHash('sha256').update(short).update(short).digest('hex');
  expect(await findFile({ ...sought, bytes: 4, ends: digest }, [{ path: join(home, 'short'), depth: 1 }])).toBe(path);
});
