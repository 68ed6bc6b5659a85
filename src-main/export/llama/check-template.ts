import type { ChatTurn } from '../../contract/chat-turn.ts';
import type { ChatTemplate } from '../../text/chat/chat-template.ts';
import { portableTemplate } from '../gguf/tokenizer/portable-template.ts';
import type { FoundLlama } from './find-llama.ts';

/** Chats that people have: one question, a conversation, one with a system prompt. */
const CHATS: readonly (readonly ChatTurn[])[] = [
  [{ role: 'user', content: 'Which is the largest planet?' }],
  [{ role: 'user', content: 'Hello.' }, { role: 'assistant', content: 'Good day.' }, { role: 'user', content: 'Count to "three", please:\n1, 2' }],
  [{ role: 'system', content: 'Answer in one word.' }, { role: 'user', content: '2 + 2 = <b>?</b> 中文 ✓' }],
];

/** What of a chat template comes out otherwise in the engine that LM Studio and transformers.js have, in sentences. */
export function templateFaults(template: ChatTemplate, special: Readonly<Record<string, string>>, { jinja }: FoundLlama): string[] {
  if (!jinja) return [];
  const where = `@huggingface/jinja ${jinja.version}`;
  for (const messages of CHATS) {
    const ours = attempt(() => template.render(messages, { addGenerationPrompt: true }));
    const theirs = attempt(() => new jinja.library.Template(portableTemplate(template.source)).render({ ...special, messages, tools: null, documents: null, add_generation_prompt: true }));
    if ('fault' in ours || ('text' in theirs && theirs.text === ours.text)) continue;
    if ('fault' in theirs) return [`${where} does not take the chat template: ${theirs.fault}. LM Studio and transformers.js use it.`];
    return [`${where} renders the chat template otherwise: ${difference(ours.text, theirs.text)}. LM Studio and transformers.js use it.`];
  }
  return [];
}

function attempt(render: () => string): { text: string } | { fault: string } {
  try {
    return { text: render() };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

/** Where two texts part. */
function difference(one: string, other: string): string {
  let at = 0;
  while (one[at] === other[at]) at++;
  const from = Math.max(0, at - 12);
  return `${JSON.stringify(other.slice(from, at + 24))} instead of ${JSON.stringify(one.slice(from, at + 24))}`;
}
