import { describe, expect, test } from 'vitest';
import { splitConversation } from '../../src-main/text/chat/conversation.ts';

const WHERE = 'chat.jsonl row 2';
const user = { role: 'user', content: 'Hi' } as const;
const assistant = { role: 'assistant', content: 'Hello' } as const;
const system = { role: 'system', content: 'Be brief.' } as const;

describe('a conversation', () => {
  test('is cut before its last assistant turn', () => {
    const turns = [system, user, assistant, { role: 'tool', content: '4' }, { role: 'assistant', content: 'Four.' }];
    expect(splitConversation(turns, WHERE)).toEqual({ prompt: turns.slice(0, 4), completion: 'Four.' });
  });

  test('that ends with another turn is all prompt', () => {
    expect(splitConversation([user, assistant, user], WHERE)).toEqual({ prompt: [user, assistant, user], completion: null });
  });

  test('may hold its text in parts, and more than we read', () => {
    const parts = [{ type: 'text', text: 'Hel' }, { type: 'text', text: 'lo' }];
    expect(splitConversation([{ ...user, name: 'Ann' }, { role: 'assistant', content: parts }], WHERE)).toEqual({ prompt: [user], completion: 'Hello' });
  });

  test('may be JSON text, as in CSV', () => {
    expect(splitConversation(JSON.stringify([user, assistant]), WHERE)).toEqual({ prompt: [user], completion: 'Hello' });
  });

  test.each([
    [undefined, 'at the top'],
    ['Hi', 'at the top'],
    [[], 'at the top: there are none'],
    [[user, 5], 'at 1'],
    [[user, { role: 'bot', content: 'x' }], 'at 1.role'],
    [[user, { role: 'assistant' }], 'at 1.content: expected text'],
    [[{ role: 'user', content: [{ type: 'image', url: 'x' }] }], 'at 0.content: expected text'],
    [[assistant], 'no turn before the assistant'],
  ])('%j is refused', (value, message) => {
    expect(() => splitConversation(value, WHERE)).toThrow(expect.objectContaining({
      kind: 'input', message: expect.stringMatching(new RegExp(`^chat.jsonl row 2: .*${message}`)),
    }));
  });
});
