import { execFileSync } from 'node:child_process';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src-main/files/digest.ts';
import { openModel } from '../../src-main/model/folder.ts';
import { describeModel } from '../../src-main/model/show.ts';
import { readRecipe } from '../../src-main/service/recipe/recipe-file.ts';
import { LineTail } from '../../src-main/service/adopt/line-tail.ts';
import { loadChatTemplate } from '../../src-main/text/chat/chat-template.ts';
import { fixture, temporaryFolder } from '../model/model-fixtures.ts';

const temporary = temporaryFolder();
const pipe = (path: string): string => {
  execFileSync('mkfifo', [path]);
  return path;
};

/** Whoever opens a pipe waits for what nobody writes to it. */
describe.skipIf(process.platform === 'win32')('a pipe is refused where a file is expected:', () => {
  it.each(['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json', 'generation_config.json', 'chat_template.jinja'])('%s of a model', async (name) => {
    const folder = temporary.path(name);
    await cp(fixture('llama'), folder, { recursive: true });
    await rm(join(folder, name), { force: true });
    pipe(join(folder, name));
    await expect(describeModel(folder).then(() => loadChatTemplate(folder))).rejects.toMatchObject({ kind: 'input', message: `${join(folder, name)} is a pipe, not a file.` });
  });

  it('the base model of an adapter, a GGUF file, a recipe, the events of a training, what has a checksum', async () => {
    const folder = temporary.path('adapter');
    await cp('test/fixtures/engine/adapters/qwen3', folder, { recursive: true });
    const path = pipe(temporary.path('pipe.gguf'));
    const config = JSON.parse(await readFile(join(folder, 'adapter_config.json'), 'utf8')) as object;
    await writeFile(join(folder, 'adapter_config.json'), JSON.stringify({ ...config, base_model_name_or_path: path }));
    for (const use of [() => openModel(folder), () => openModel(path), () => readRecipe(path), () => new LineTail(path).read().next(), () => digestOf(path)]) {
      await expect(use()).rejects.toMatchObject({ kind: 'input', message: `${path} is a pipe, not a file.` });
    }
  });
});
