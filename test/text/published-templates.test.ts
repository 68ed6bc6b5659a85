import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ChatTurn, TemplateVariables } from '../../src-main/contract/chat-turn.ts';
import { Problem } from '../../src-main/contract/problem.ts';
import { parseExactly } from '../../src-main/data/exact-json.ts';
import { ChatTemplate } from '../../src-main/text/chat/chat-template.ts';
import { markTurns } from '../../src-main/text/chat/mark-turns.ts';

/** A folder with published templates, such as llama.cpp's models/templates, and a Python with Transformers. */
const [TEMPLATES, PYTHON] = [process.env['RETORT_TEMPLATES'] ?? '', process.env['PEERS_PYTHON'] ?? ''];
const CONVERSATIONS = 'test/fixtures/conversations/conversations.json';
const SPECIAL = { bos_token: '<s>', eos_token: '</s>', unk_token: '<unk>', pad_token: '<pad>' };

interface Case { messages: ChatTurn[]; tools?: unknown[]; variables?: TemplateVariables }
const conversations = parseExactly(readFileSync(CONVERSATIONS, 'utf8')) as Record<string, Case>;

/** Null where the conversation is refused. */
function ours(template: ChatTemplate, { messages, tools = [], variables }: Case, learn: 'last' | 'all') {
  const options = { tools: tools.length > 0 ? tools : null, variables };
  try {
    return markTurns({
      name: template.name, specialTexts: ['</s>', '<|return|>', '<SPECIAL_12>', '<|im_end|>', '<|eot_id|>', '<|end|>', '<end_of_turn>', '<turn|>', '<|endoftext|>'],
      render: (turns, how) => template.render(turns, { ...options, ...how }),
      renderMarked: (turns) => template.renderMarked(turns, { ...options, addGenerationPrompt: false }),
    }, messages, learn);
  } catch (error) {
    if (error instanceof Problem) return error.message;
    throw error;
  }
}

it.skipIf(!existsSync(TEMPLATES) || !existsSync(PYTHON))('published templates (RETORT_TEMPLATES, PEERS_PYTHON) write conversations as in Transformers, or they are refused', () => {
  const wanted = JSON.parse(execFileSync(PYTHON, ['test/fixtures/make/render_templates.py', TEMPLATES, CONVERSATIONS], {
    maxBuffer: 2 ** 28, env: { ...process.env, OMP_NUM_THREADS: '1', CUDA_VISIBLE_DEVICES: '' },
  }).toString()) as Record<string, Record<string, string | null>>;
  const told = { equal: 0, refused: 0, refusedByBoth: 0, openings: 0 };
  const wrong: string[] = [];
  const reasons: string[] = [];
  for (const [file, texts] of Object.entries(wanted)) {
    let template: ChatTemplate;
    try {
      template = new ChatTemplate(file, readFileSync(join(TEMPLATES, file), 'utf8'), SPECIAL);
    } catch (error) {
      reasons.push(`${file}: ${String(error)}`);
      told.refused += Object.keys(texts).length;
      continue;
    }
    for (const [name, text] of Object.entries(texts)) {
      for (const learn of ['last', 'all'] as const) {
        const found = ours(template, conversations[name]!, learn);
        if (typeof found === 'string') {
          if (text === null) told.refusedByBoth++;
          else { told.refused++; reasons.push(`${file}, ${name}, ${learn}: ${found}`); }
        } else if (found.text === text && found.spans.length > 0) {
          told.equal++;
          if (found.opening) told.openings++;
          const learned = found.spans.map(({ start, end }) => found.text.slice(start, end)).join('');
          const { content } = conversations[name]!.messages.at(-1)!;
          if (!learned.includes((content ?? '').split('</think>').at(-1)!.trim())) wrong.push(`${file}, ${name}, ${learn}: ${JSON.stringify(learned)} is learned`);
        } else wrong.push(`${file}, ${name}, ${learn}: ${JSON.stringify(found.text.slice(-200))} instead of ${JSON.stringify(text?.slice(-200))}`);
      }
    }
  }
  console.log(told, reasons.join('\n'));
  expect(wrong).toEqual([]);
  expect(told.equal).toBeGreaterThan(10 * told.refused);
});
