/** ShareGPT's names of those who speak. */
const SPEAKERS: Readonly<Record<string, string>> = {
  human: 'user', user: 'user', gpt: 'assistant', assistant: 'assistant', model: 'assistant', chatgpt: 'assistant', system: 'system',
  tool: 'tool', function: 'tool', observation: 'tool', function_response: 'tool',
};

/** Turns {from, value} into {role, content}, other keys as they are; what is no list of such turns comes back unchanged. */
export function asOpenAi(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((turn: unknown) => {
    if (typeof turn !== 'object' || turn === null || 'role' in turn || !('from' in turn)) return turn;
    const { from, value: content, ...more } = turn as { from: unknown; value?: unknown };
    return { role: SPEAKERS[String(from)] ?? from, content, ...more };
  });
}
