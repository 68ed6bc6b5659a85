import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ON_DISK } from '../../../src-main/files/byte-source.ts';
import { GgufFile } from '../../../src-main/model/gguf/gguf-file.ts';
import { readHeader } from '../../../src-main/model/gguf/header.ts';
import type { MetadataValue } from '../../../src-main/model/gguf/metadata.ts';
import { temporaryFolder } from '../../model/model-fixtures.ts';
import { written } from './written.ts';

const GGUF = 'test/fixtures/model-gguf';
/** Mixtures of experts are read as teachers, and not written. */
const MIXTURES = ['gpt-oss.gguf', 'qwen3-moe.gguf'];
/** Its attention has biases: the converter writes them, and llama.cpp does not open the file. */
const UNOPENED = 'olmo2.gguf';
const FILES = [...readdirSync(`${GGUF}/families`).filter((file) => !MIXTURES.includes(file) && file !== UNOPENED).map((file) => `families/${file}`), 'llama.gguf', 'qwen2.gguf', 'qwen3.gguf', 'gpt2.gguf', 't5/t5.gguf', 't5/flan.gguf', 't5/umt5.gguf'];
const temporary = temporaryFolder();

/** What tells files apart, and what the converter finds by the name of a folder. */
const NAMES = /^general\.(name|size_label|basename|finetune|version|organization|license|tags|languages|base_model.*|file_type|type|alignment|author|url|source.*)$/;

async function metadataOf(path: string): Promise<ReadonlyMap<string, MetadataValue>> {
  const file = await ON_DISK.open(path);
  try {
    return (await readHeader(path, file)).metadata;
  } finally {
    await file.close();
  }
}

describe.each(FILES)('%s, read and written again', (file) => {
  const place = (): string => temporary.path(file.replace('/', '-'));

  it('has the tensors that llama.cpp\'s converter has made, to the bit', async () => {
    await written(`${GGUF}/${file}`, place(), 'f32');
    const [theirs, ours] = [await GgufFile.open(`${GGUF}/${file}`), await GgufFile.open(place())];
    expect([...ours.tensorNames].sort()).toEqual([...theirs.tensorNames].sort());
    for (const name of theirs.tensorNames) {
      expect(ours.shape(name)).toEqual(theirs.shape(name));
      expect(await ours.read(name)).toEqual(await theirs.read(name));
    }
  });

  it('says what the converter\'s says', async () => {
    const [theirs, ours] = [await metadataOf(`${GGUF}/${file}`), await metadataOf(place())];
    // The text of a model that reads pictures is a Mistral as others are, which llama.cpp calls llama.
    if (file.includes('wrapped')) return expect(ours.get('general.architecture')).toBe('llama');
    for (const [key, value] of theirs) if (!NAMES.test(key)) expect([key, ours.get(key)]).toEqual([key, value]);
  });
});

it('does not write what the converter does and llama.cpp does not open', async () => {
  await expect(written(`${GGUF}/families/${UNOPENED}`, temporary.path(UNOPENED), 'f32')).rejects.toThrow('llama.cpp has no place for a model of the type olmo2 with biases in its attention');
});
