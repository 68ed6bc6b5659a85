import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src-main/files/json-object.ts';
import { Pipeline } from '../../src-main/text/tokenizer/pipeline/pipeline.ts';

interface Case { text: string; ids: number[]; plain: number[]; written: number[]; decoded: string }

/** A folder of folders with a published tokenizer.json each, and a Python with the tokenizers library. */
const { PUBLISHED_TOKENIZERS: FOLDER, PEERS_PYTHON: PYTHON } = process.env;
const folders = FOLDER !== undefined && existsSync(FOLDER) ? readdirSync(FOLDER).map((name) => join(FOLDER, name)).filter((folder) => existsSync(join(folder, 'tokenizer.json'))) : [];

describe.skipIf(!PYTHON || folders.length === 0)('a published tokenizer (PUBLISHED_TOKENIZERS, PEERS_PYTHON)', () => {
  it.each(folders.length > 0 ? folders : ['none'])('writes and reads 1,500 odd texts as the tokenizers library does: %s', (folder) => {
    const file = join(folder, 'tokenizer.json');
    const pipeline = new Pipeline(JSON.parse(readFileSync(file, 'utf8')) as JsonObject, file);
    const text = execFileSync(PYTHON!, ['test/fixtures/make/published_tokenizers.py', folder, '1500'], { encoding: 'utf8', maxBuffer: 2 ** 28 });
    const cases = JSON.parse(text) as Case[];
    const told = cases.map(({ text, written }): Case => ({
      text, ids: pipeline.encode([text], true).ids, plain: pipeline.encode([text], false).ids, written, decoded: pipeline.decode(written, false),
    }));
    expect(told.filter((each, at) => JSON.stringify(each) !== JSON.stringify(cases[at]))).toEqual([]);
  });
});
