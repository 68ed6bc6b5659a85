import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { modelfile } from '../../src-main/export/gguf/modelfile/modelfile.ts';
import { turnsOf } from '../../src-main/export/gguf/modelfile/turns.ts';
import { openModel } from '../../src-main/model/folder.ts';
import { describeModel } from '../../src-main/model/show.ts';
import { ChatTemplate } from '../../src-main/text/chat/chat-template.ts';
import { loadTokenizer } from '../../src-main/text/tokenizer/tokenizer.ts';
import { temporaryFolder } from '../model/model-fixtures.ts';
import { numbersIn, withNumber } from './gguf-numbers.ts';
import { COUNT, isToldInWords, SEED } from './holds.ts';
import { mutations } from './mutate.ts';

const temporary = temporaryFolder();
const FILES = ['families', 't5', 'packed', ''].flatMap((folder) => {
  const path = join('test/fixtures/model-gguf', folder);
  return readdirSync(path).filter((file) => file.endsWith('.gguf')).map((file) => join(path, file));
});

/** Half of the numbers drawn are those of the model itself; vocabularies have many more. */
describe.each(FILES)('one number of %s is another', (name) => {
  it('is an answer or a sentence', async () => {
    const file = readFileSync(name);
    const all = numbersIn(file);
    const own = all.filter(({ what }) => !/tokenizer\.ggml\.(tokens|token_type|scores|merges)/.test(what));
    const path = temporary.path('changed.gguf');
    for (let at = 0; at < COUNT; at++) {
      const from = at % 4 === 3 ? all : own;
      const { changed, what } = withNumber(file, from[(at * 7919 + SEED) % from.length]!, at * 31 + SEED);
      await writeFile(path, changed);
      await isToldInWords(async () => {
        await describeModel(path);
        const tokenizer = await loadTokenizer((await openModel(path)).companions);
        tokenizer.decode(tokenizer.encode('Hello wörld 12', { special: true }), { skipSpecial: true });
      }, `${name}: ${what}`);
    }
  });
});

describe('a chat template that is damaged', () => {
  it.each(readdirSync('test/fixtures/chat-templates').filter((file) => file.endsWith('.jinja')))('%s has turns for a Modelfile or none', async (file) => {
    for (const source of mutations(readFileSync(join('test/fixtures/chat-templates', file), 'utf8'), COUNT, SEED)) {
      await isToldInWords(async () => {
        const turns = turnsOf(new ChatTemplate(file, source, { bos_token: '<s>', eos_token: '</s>' }), '<s>');
        modelfile({ file: 'm.gguf', turns, bos: '<s>', stops: ['</s>'], generation: {}, contextLength: 2048 });
      }, source);
    }
  });
});
