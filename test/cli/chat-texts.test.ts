import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CLI } from '../support/build.ts';
import { characterModel } from '../support/character-model.ts';

let folder: string;
/** Reads a switch named mark, and tools. */
let model: string;
/** Reads neither. */
let plain: string;
const TURNS = "{% for turn in messages %}{{ turn.content }}{{ eos_token if turn.role == 'assistant' else '\n' }}{% endfor %}";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'retort-cli-chats-'));
  [model, plain] = [await characterModel(join(folder, 'model')), await characterModel(join(folder, 'plain'))];
  await writeFile(join(model, 'chat_template.jinja'), `{{ '#' * (mark or 0) }}{% for tool in tools or [] %}<{{ tool.function.name }}>{% endfor %}${TURNS}`);
  await writeFile(join(plain, 'chat_template.jinja'), TURNS);
  await writeFile(join(folder, 'chats.jsonl'), `${JSON.stringify({
    chat: [{ role: 'user', content: '1+1', weight: 2 }, { role: 'assistant', content: '2' }], means: [{ type: 'function', function: { name: '%', parameters: {} } }],
  })}\n`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function evaluate(of: string, ...args: string[]): Promise<{ status: number | null; error: string; prompt: unknown }> {
  const predictions = join(folder, 'predictions.jsonl');
  await rm(predictions, { force: true });
  const { status, stderr } = spawnSync(process.execPath, [
    CLI, '--home', join(folder, 'home'), 'eval', '--model', of, '--data', join(folder, 'chats.jsonl'), '--messages', 'chat', '--metric', 'exact-match', '--max-new-tokens', '4', '--predictions', predictions, ...args,
  ], { encoding: 'utf8' });
  const [line] = (await readFile(predictions, 'utf8').catch(() => '')).split('\n');
  return { status, error: stderr, prompt: line ? (JSON.parse(line) as { prompt: unknown }).prompt : null };
}

it('conversations, their tools and the template\'s switches go into the prompt', async () => {
  const { status, error, prompt } = await evaluate(model, '--tools', 'means', '--template', 'mark=3');
  expect({ status, prompt }).toEqual({ status: 0, prompt: '###<%>1+1\n' });
  expect(error).toContain('have weight, which the chat template writes nothing of');
  expect(error).not.toContain('tools');
});

it('what the template does not read is told as a warning', async () => {
  const { status, error, prompt } = await evaluate(plain, '--tools', 'means', '--template', 'mark=3', '--template', '{"other": true}');
  expect({ status, prompt }).toEqual({ status: 0, prompt: '1+1\n' });
  for (const told of ['1 of 1 examples of chats.jsonl have tools, which the chat template writes nothing of', 'never reads mark', 'never reads other']) {
    expect(error.split('\n').filter((line) => line.startsWith('warning: ') && line.includes(told))).toHaveLength(1);
  }
});

it.each([
  ['--tools', 'none', 'none'], ['--template', 'mark', 'name=value'], ['--prompt', '{{chat}}', '--prompt and --messages are both given'],
])('%s %s is refused with exit code 2', async (option, value, told) => {
  const { status, error, prompt } = await evaluate(model, option, value);
  expect({ status, prompt }).toEqual({ status: 2, prompt: null });
  expect(error).toContain(told);
});
