import { describe, expect, it } from 'vitest';
import { ChatTemplate } from '../../src-main/text/chat/chat-template.ts';
import { markTurns } from '../../src-main/text/chat/mark-turns.ts';
import type { MarkedText } from '../../src-main/text/chat/marked-text.ts';
import type { ChatTurn } from '../../src-main/contract/chat-turn.ts';

const user = (content: string): ChatTurn => ({ role: 'user', content });
const assistant = (content: string, more = {}): ChatTurn => ({ role: 'assistant', content, ...more });
const TALK = [user('Hi'), assistant('Hello', { reasoning_content: 'A' }), user('Why?'), assistant('So.', { reasoning_content: 'B' })];

function mark(source: string, messages: readonly ChatTurn[], learn: 'last' | 'all' = 'last'): MarkedText {
  const template = new ChatTemplate('m', source, {});
  return markTurns({
    name: template.name, specialTexts: ['<end>', '<stop>'],
    render: (turns, options) => template.render(turns, options),
    renderMarked: (turns) => template.renderMarked(turns, { addGenerationPrompt: false }),
  }, messages, learn);
}
const learned = ({ text, spans }: MarkedText): string[] => spans.map(({ start, end }) => text.slice(start, end));
/** A template: what it writes for an assistant's turn, and what asks for one. */
const template = (turn: string, ask = '<bot>\n'): string =>
  `{% for m in messages %}{% if m.role == 'assistant' %}${turn}{% else %}<user>\n{{ m.content }}<end>\n{% endif %}{% endfor %}{% if add_generation_prompt %}${ask}{% endif %}`;

describe('the last turn', () => {
  it('is what the template writes behind the generation prompt', () => {
    const marked = mark(template('<bot>\n<think>\n\n</think>\n{{ m.content | trim }}<end>\n'), [user('Hi'), assistant(' Hello ')]);
    expect(marked).toMatchObject({ prompt: '<user>\nHi<end>\n<bot>\n', opening: null });
    expect(learned(marked)).toEqual(['<think>\n\n</think>\nHello<end>\n']);
  });

  it('is the conversation\'s own where the generation prompt leads elsewhere', () => {
    const marked = mark(template('<bot>{{ m.content }}<end>', '<bot><think>\n'), [user('Hi'), assistant('Hello')]);
    expect(marked.text).toBe('<user>\nHi<end>\n<bot>Hello<end>');
    expect(learned(marked)).toEqual(['Hello<end>']);
    expect(marked.opening).toEqual({ asked: '<think>\n', written: 'Hello<end>' });
  });

  it('is not cut by an answer that begins like the generation prompt by chance', () => {
    expect(learned(mark(template('<bot>{{ m.content }}<end>', '<bot>Here I think: '), [user('Hi'), assistant('Hello')]))).toEqual(['Hello<end>']);
  });

  it('is what the template marks as generated', () => {
    const marked = mark(template('<bot>\n{% generation %}{{ m.content }}<end>{% endgeneration %}'), TALK);
    expect(learned(marked)).toEqual(['So.<end>']);
    expect(marked.text).toBe(mark(template('<bot>\n{{ m.content }}<end>'), TALK).text);
  });

  it('is refused where the template rewrites what lies before it, or leaves it out', () => {
    const rewriting = `{{ messages | length }}:${template('<bot>\n{{ m.content }}<end>\n', '')}`;
    expect(() => mark(rewriting, TALK)).toThrow('The chat template of m writes the conversation otherwise once turn 4 is there');
    expect(() => mark(template(''), [user('Hi'), assistant('Hello')])).toThrow('The chat template of m writes nothing of turn 2');
  });
});

describe('all turns', () => {
  it('are each learned to their end', () => {
    const marked = mark(template('<bot>\n{{ m.content }}<end>\n'), TALK, 'all');
    expect(learned(marked)).toEqual(['Hello<end>', 'So.<end>\n']);
    expect(marked.prompt).toBe('<user>\nHi<end>\n<bot>\nHello<end>\n<user>\nWhy?<end>\n<bot>\n');
  });

  it('are learned as they stand, also where the reasoning of earlier ones is left out', () => {
    const marked = mark(template('<bot>\n{% if loop.last %}<think>{{ m.reasoning_content }}</think>{% endif %}{{ m.content }}<end>\n'), TALK, 'all');
    expect(learned(marked)).toEqual(['Hello<end>', '<think>B</think>So.<end>\n']);
  });

  it('include those before a last question', () => {
    expect(learned(mark(template('<bot>\n{{ m.content }}<end>\n'), TALK.slice(0, 3), 'all'))).toEqual(['Hello<end>']);
    expect(mark(template('<bot>\n{{ m.content }}<end>\n'), TALK.slice(0, 3)).spans).toEqual([]);
  });
});
