import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ChatTurn } from '../../../src-main/contract/chat-turn.ts';
import { Problem } from '../../../src-main/contract/problem.ts';
import { goTemplate } from '../../../src-main/export/gguf/modelfile/go-template.ts';
import { turnsOf, writeTurns } from '../../../src-main/export/gguf/modelfile/turns.ts';
import { ChatTemplate } from '../../../src-main/text/chat/chat-template.ts';
import { requires } from '../../support/requires.ts';

/** Chats of every course that Ollama sends: with and without a system prompt, one turn and several. */
const CHATS: readonly (readonly ChatTurn[])[] = [
  [{ role: 'user', content: 'Which is the largest planet?' }],
  [{ role: 'system', content: 'Answer in "one" word.\nBe kind.' }, { role: 'user', content: '2 + 2 = <b>{{ x }}</b> 中文 ✓' }],
  [{ role: 'user', content: 'Hello.' }, { role: 'assistant', content: 'Good day.' }, { role: 'user', content: 'Count to three.' }],
  [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: 'One' }, { role: 'assistant', content: 'Two' }, { role: 'user', content: 'Three' }, { role: 'assistant', content: 'Four' }, { role: 'user', content: 'Five' }],
];
const BOS = '<s>';

const PUBLISHED = join(process.env['LLAMA_CPP'] ?? 'nowhere', 'models', 'templates');
const published = process.env['LLAMA_CPP'] === undefined ? [] : readdirSync(PUBLISHED).filter((file) => file.endsWith('.jinja')).map((file) => join(PUBLISHED, file));
const FILES = [...readdirSync('test/fixtures/chat-templates').filter((file) => file.endsWith('.jinja')).map((file) => `test/fixtures/chat-templates/${file}`), ...published];

function attempt(work: () => string): string | null {
  try {
    return work();
  } catch (error) {
    if (error instanceof Problem) return null;
    throw error;
  }
}

interface Job { file: string; chat: number; template: string; messages: { Role: string; Content: string }[]; wanted: string }

/** Chats of every template whose turns are followed, with what it writes itself, but for the BOS that llama.cpp writes. */
function jobsOf(file: string): Job[] {
  const template = new ChatTemplate(file, readFileSync(file, 'utf8'), { bos_token: BOS, eos_token: '</s>' });
  const turns = turnsOf(template, BOS);
  if (!turns) return [];
  return CHATS.flatMap((messages, chat): Job[] => {
    const own = attempt(() => template.render(messages, { addGenerationPrompt: true }));
    // Templates that say more than turns (a date, what was thought before) are only followed where they do not.
    if (own === null || writeTurns(turns, messages) !== own) return [];
    return [{ file, chat, template: goTemplate(turns, BOS), messages: messages.map(({ role, content }) => ({ Role: role, Content: content! })), wanted: own.startsWith(BOS) ? own.slice(BOS.length) : own }];
  });
}

it('cuts no token that opens a conversation', () => {
  const [begin, end] = ['<｜begin▁of▁sentence｜>', '<｜end▁of▁sentence｜>'];
  const source = `{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}<｜User｜>{{ m.content }}{% else %}<｜Assistant｜>{{ m.content }}${end}{% endif %}{% endfor %}{% if add_generation_prompt %}<｜Assistant｜>{% endif %}`;
  const turns = turnsOf(new ChatTemplate('made', source, { bos_token: begin }), begin)!;
  expect(turns).toMatchObject({ opening: begin, user: ['<｜User｜>', ''], assistant: ['<｜Assistant｜>', end] });
  expect(goTemplate(turns, begin)).not.toContain('begin');
});

requires('go')('the template of a Modelfile', () => {
  it('writes in Go\'s language what the model\'s own writes', () => {
    const jobs = FILES.flatMap(jobsOf);
    expect(new Set(jobs.map(({ file }) => file)).size).toBeGreaterThanOrEqual(published.length > 0 ? 25 : 1);
    const texts = JSON.parse(execFileSync('go', ['run', 'test/export/gguf/modelfile_render.go'], { input: JSON.stringify(jobs), encoding: 'utf8', maxBuffer: 2 ** 26 })) as string[];
    expect(jobs.map(({ file, chat }, at) => [file, chat, texts[at]])).toEqual(jobs.map(({ file, chat, wanted }) => [file, chat, wanted]));
  });
});
