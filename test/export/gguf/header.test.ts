import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { ON_DISK } from '../../../src-main/files/byte-source.ts';
import { headerBytes } from '../../../src-main/export/gguf/header-bytes.ts';
import { f32s, i32s, text, texts } from '../../../src-main/export/gguf/key-values.ts';
import { readHeader } from '../../../src-main/model/gguf/header.ts';
import { temporaryFolder } from '../../model/model-fixtures.ts';

const temporary = temporaryFolder();

it('writes the lists of a vocabulary as large as Gemma\'s', async () => {
  const count = 262_144;
  const words = Array.from({ length: count }, (_, id) => `▁wort${id}`);
  const types = words.map((_, id) => id % 6);
  const scores = words.map((_, id) => -id);
  const path = temporary.path('large.gguf');
  await writeFile(path, headerBytes({ 'general.architecture': text('llama'), 'tokens': texts(words), 'types': i32s(types), 'scores': f32s(scores) }, []));
  const file = await ON_DISK.open(path);
  try {
    const { metadata } = await readHeader(path, file);
    for (const [key, values] of Object.entries({ tokens: words, types, scores })) expect([key, String(metadata.get(key)) === String(values)]).toEqual([key, true]);
  } finally {
    await file.close();
  }
});
