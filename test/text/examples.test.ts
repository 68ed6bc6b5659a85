import { describe, expect, test } from 'vitest';
import { isConversation, makeExamples, type ExampleFields } from '../../src-main/text/examples.ts';
import type { Row } from '../../src-main/data/row.ts';

const nothing: ExampleFields = { prompt: undefined, completion: undefined, messages: undefined, chat: false, system: undefined };
const make = (rows: Row[], fields: Partial<ExampleFields>) => makeExamples(rows, '/data/train.jsonl', { ...nothing, ...fields });
const user = { role: 'user', content: 'Why?' } as const;
const assistant = { role: 'assistant', content: 'So.' } as const;
const system = { role: 'system', content: 'Be brief.' } as const;

describe('by templates', () => {
  const rows = [{ q: 'Why?', a: 'So.' }, { q: 'How?', a: '' }];

  test('prompt and completion are text', () => {
    expect(make(rows, { prompt: 'Q: {{q}}\nA:', completion: ' {{a}}' })).toEqual([
      { index: 0, prompt: 'Q: Why?\nA:', completion: ' So.' }, { index: 1, prompt: 'Q: How?\nA:', completion: ' ' },
    ]);
  });

  test('there may be no completion', () => {
    expect(make(rows, { prompt: '{{q}}' })).toMatchObject([{ completion: null }, { completion: null }]);
  });

  test('a chat wraps the prompt as a user turn, after the system message', () => {
    expect(make(rows.slice(0, 1), { prompt: '{{q}}', completion: ' {{a}}', chat: true })).toEqual([{ index: 0, messages: [user, assistant], tools: null }]);
    expect(make(rows, { prompt: '{{q}}', chat: true, system: 'Be brief.' })[0]).toMatchObject({ messages: [system, user] });
  });

  test.each([[' {{a}}', 'x', 'x'], ['\n{{a}}', 'x', 'x'], ['{{a}}', ' x', 'x'], ['{{a}}', '    return x', '    return x'], [' {{a}}', '\tx\n', '\tx\n'], ['{{a}}', '\n x', '\n x'], ['{{a}}', ' ', ' ']])(
    'an answer within a chat is without what separates it, %j, and keeps its own indentation: %j', (completion, a, content) => {
      expect(make([{ q: 'q', a }], { prompt: '{{q}}', completion, chat: true })).toMatchObject([{ messages: [{ role: 'user' }, { role: 'assistant', content }] }]);
    });

  test('a developer\'s message is the conversation\'s own', () => {
    const developer = { role: 'developer', content: 'Be kind.' };
    expect(make([{ m: [developer, user, assistant] }], { messages: 'm', system: 'Be brief.' })).toMatchObject([{ messages: [developer, user, assistant] }]);
  });

  test('the row at fault is named', () => {
    expect(() => make([...rows, { q: null, a: 'x' }], { prompt: '{{q}}' })).toThrow('train.jsonl row 3: the column "q" has no value.');
  });
});

describe('by chat messages', () => {
  test('the conversation stays whole, other columns are passed over', () => {
    expect(make([{ id: 5, turns: [user, assistant, user, assistant] }], { messages: 'turns' })).toEqual([
      { index: 0, messages: [user, assistant, user, assistant], tools: null },
    ]);
  });

  test('tools are those of the column named, or of one called tools', () => {
    const tools = [{ type: 'function', function: { name: 'f' } }];
    expect(make([{ m: [user], own: JSON.stringify(tools), tools: [] }], { messages: 'm', tools: 'own' })).toMatchObject([{ tools }]);
    expect(make([{ m: [user], tools }], { messages: 'm' })).toMatchObject([{ tools }]);
    expect(make([{ m: [user], tools: 'hammer' }], { messages: 'm' })).toMatchObject([{ tools: null }]);
    expect(() => make([{ m: [user], own: 'f' }], { messages: 'm', tools: 'own' })).toThrow('train.jsonl row 1: the tools are "f", not a list.');
  });

  test('a text in a column named system is the system message of its row, before the recipe\'s', () => {
    const own = { ...system, content: 'Be kind.' };
    const rows = [
      { turns: [user, assistant], system: 'Be kind.' }, { turns: [system, user], system: 'Be kind.' }, { turns: [user], system: ' ' }, { turns: [user], system: null }, { turns: [user] }, { turns: [user], system: ['Be kind.'] },
    ];
    const messagesOf = (fields: Partial<ExampleFields>): unknown[] => make(rows, { messages: 'turns', ...fields }).map((example) => isConversation(example) && example.messages);
    expect(messagesOf({})).toEqual([[own, user, assistant], [system, user], [user], [user], [user], [user]]);
    expect(messagesOf({ system: 'Be brief.' })).toEqual([[own, user, assistant], [system, user], [system, user], [system, user], [system, user], [system, user]]);
    expect(make([{ system: [user, assistant] }], { messages: 'system', system: 'Be brief.' })).toMatchObject([{ messages: [system, user, assistant] }]);
  });

  test('the recipe\'s system message goes first, where the conversation has none of its own', () => {
    const own = { ...system, content: 'Be kind.' };
    const examples = make([{ turns: [user, assistant] }, { turns: [own, user, assistant] }], { messages: 'turns', system: 'Be brief.' });
    expect(examples.map((example) => isConversation(example) && example.messages)).toEqual([[system, user, assistant], [own, user, assistant]]);
  });

  test('a missing column and a wrong conversation are refused, naming the row', () => {
    expect(() => make([{ messages: [user] }], { messages: 'mesages' })).toThrow(expect.objectContaining({
      kind: 'input', message: 'train.jsonl row 1: there is no column "mesages".', hint: 'Did you mean "messages"? The columns are messages.',
    }));
    expect(() => make([{ messages: [user] }, { messages: 5 }], { messages: 'messages' })).toThrow(/^train\.jsonl row 2: the chat messages are wrong/);
  });
});

test('settings that name neither are refused', () => {
  expect(() => make([{ a: 1 }], { completion: '{{a}}' })).toThrow('neither data.prompt nor data.messages');
});
