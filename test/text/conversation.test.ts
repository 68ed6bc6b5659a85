import { describe, expect, test } from 'vitest';
import { compileJinja } from '../../src-main/text/chat/jinja.ts';
import { readMessages, readTools } from '../../src-main/text/chat/conversation.ts';

const WHERE = 'chat.jsonl row 2';
const user = { role: 'user', content: 'Hi' };
const assistant = { role: 'assistant', content: 'Hello' };

describe('a conversation', () => {
  test('keeps every key of its messages', () => {
    const call = { id: 'a', type: 'function', function: { name: 'f', arguments: { city: 'Oslo' } } };
    const turns = [
      { role: 'developer', content: 'Be brief.' }, { ...user, name: 'Ann' }, { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', content: '4', tool_call_id: 'a' }, { ...assistant, reasoning_content: 'Because.', thinking: 'So.', own: { x: [1] } },
    ];
    expect(readMessages(turns, WHERE)).toEqual(turns);
    const silent = { role: 'assistant', tool_calls: [call] };
    expect(readMessages([user, silent], WHERE)).toEqual([user, silent]);
  });

  test('may hold its text in parts', () => {
    const parts = [{ type: 'text', text: 'Hel' }, { type: 'text', text: 'lo' }];
    expect(readMessages([user, { role: 'assistant', content: parts }], WHERE)).toEqual([user, assistant]);
  });

  test('may be JSON text, as in CSV', () => {
    expect(readMessages(JSON.stringify([user, assistant]), WHERE)).toEqual([user, assistant]);
  });

  test('in JSON text has its numbers, and its keys in their order, as JSON has them', () => {
    const json = '{"to":"x","10":1.0,"2":[12345678901234567890,-0.0],"1":{"b":1e3,"0":"1.0"}}';
    const text = `[{"role":"user","content":"Hi"},{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":${json}}}]}]`;
    const messages = readMessages(text, WHERE);
    const { text: written } = compileJinja('{{ messages[1].tool_calls[0].function.arguments | tojson }}').render({ messages });
    // As Python's json.dumps writes what json.loads has read.
    expect(written).toBe('{"to": "x", "10": 1.0, "2": [12345678901234567890, -0.0], "1": {"b": 1000.0, "0": "1.0"}}');
    const [tool] = readTools('[{"type":"function","top":1.0,"7":2,"3":4}]', WHERE)!;
    expect(compileJinja('{{ tool | tojson }}').render({ tool }).text).toBe('{"type": "function", "top": 1.0, "7": 2, "3": 4}');
  });

  test('may be ShareGPT\'s', () => {
    const turns = [['system', 'S'], ['human', 'Hi'], ['gpt', 'Hello'], ['observation', '4'], ['gpt', 'Four']].map(([from, value]) => ({ from, value, weight: 1 }));
    expect(readMessages(turns, WHERE).map(({ role, content, ['weight']: weight }) => [role, content, weight])).toEqual(
      [['system', 'S', 1], ['user', 'Hi', 1], ['assistant', 'Hello', 1], ['tool', '4', 1], ['assistant', 'Four', 1]]);
  });

  test.each([
    [undefined, 'at the top'],
    ['Hi', 'at the top'],
    [[], 'at the top: there are none'],
    [[user, 5], 'at 1'],
    [[user, { role: 'bot', content: 'x' }], 'at 1.role'],
    [[{ from: 'alien', value: 'x' }], 'at 0.role'],
    [[user, { role: 'assistant' }], 'at 1.content: expected text'],
    [[{ role: 'user', content: null }], 'at 0.content: expected text'],
    [[{ role: 'user', content: [{ type: 'image', url: 'x' }] }], 'at 0.content: expected text'],
    [[assistant], 'no turn before the assistant'],
  ])('%j is refused', (value, message) => {
    expect(() => readMessages(value, WHERE)).toThrow(expect.objectContaining({
      kind: 'input', message: expect.stringMatching(new RegExp(`^chat.jsonl row 2: .*${message}`)) as string,
    }));
  });
});

test('tools are a list, also as text', () => {
  expect(readTools([{ name: 'f' }], WHERE)).toEqual([{ name: 'f' }]);
  expect(readTools('[{"name": "f"}]', WHERE)).toEqual([{ name: 'f' }]);
  for (const none of [null, undefined, '', []]) expect(readTools(none, WHERE)).toBeNull();
  for (const other of [['f'], '[{"name": "f"}, "g"]', [[{ name: 'f' }]], [null]]) expect(() => readTools(other, WHERE)).toThrow(/^chat.jsonl row 2: tool [12] is .*, not an object\.$/);
  expect(() => readTools('f', WHERE)).toThrow('chat.jsonl row 2: the tools are "f", not a list.');
});
