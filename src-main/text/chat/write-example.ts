import type { ChatTurn } from '../../contract/chat-turn.ts';
import type { ExampleFields, PlainPair } from '../examples.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import type { ChatTemplate, RenderOptions } from './chat-template.ts';
import { isAnswered, type Conversation } from './conversation.ts';
import { markTurns } from './mark-turns.ts';
import { plainText, type MarkedText } from './marked-text.ts';

/** An example as one text, with what is told of it beside its tokens. */
export interface WrittenExample {
  marked: MarkedText;
  /** What is to be said, as a person would compare it with an answer. */
  completionText: string | null;
  /** The conversation before the answer. */
  turns: ChatTurn[] | null;
  /** What the conversation has and the template shows nothing of. */
  ignored: string[];
}

export function writePair({ prompt, completion }: PlainPair): WrittenExample {
  return { marked: plainText(prompt, completion), completionText: completion, turns: null, ignored: [] };
}

/** @throws Problem where the template refuses the conversation or hides where its learned turns are. */
export function writeConversation(
  template: ChatTemplate, { messages, tools }: Conversation, { template: variables, learn = 'last', today }: Pick<ExampleFields, 'template' | 'learn'> & Pick<RenderOptions, 'today'>, tokenizer: Tokenizer,
): WrittenExample {
  const options = { tools, variables, today };
  const marked = markTurns({
    name: template.name,
    specialTexts: specialTextsOf(tokenizer),
    render: (turns, how) => template.render(turns, { ...options, ...how }),
    renderMarked: (turns) => template.renderMarked(turns, { ...options, addGenerationPrompt: false }),
  }, messages, learn);
  const answer = isAnswered(messages) ? messages.at(-1)! : null;
  const last = marked.spans.at(-1);
  return {
    marked, ignored: ignoredKeys(template, { messages, tools }, options),
    turns: answer ? messages.slice(0, -1) : [...messages],
    // A call has no text of its own; it reads as the template writes it.
    completionText: answer && (answer.content ?? marked.text.slice(last!.start, last!.end)),
  };
}

/** The keys of a conversation that change nothing in its text. */
function ignoredKeys(template: ChatTemplate, { messages, tools }: Conversation, options: Omit<RenderOptions, 'addGenerationPrompt'>): string[] {
  const keys = new Set(messages.flatMap((turn) => Object.keys(turn).filter((key) => key !== 'role' && key !== 'content' && hasValue(turn[key]))));
  if (keys.size === 0 && !tools) return [];
  const write = (turns: readonly ChatTurn[], more = options): string => {
    // Where a template cannot do without, it is not ignored.
    try { return template.render(turns, { ...more, addGenerationPrompt: false }); } catch { return ''; }
  };
  const whole = write(messages);
  const ignored = [...keys].filter((key) => write(messages.map(({ [key]: _, ...turn }) => turn as ChatTurn)) === whole);
  return tools && write(messages, { ...options, tools: null }) === whole ? [...ignored, 'tools'] : ignored;
}

const hasValue = (value: unknown): boolean => value !== null && value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0);

const known = new WeakMap<Tokenizer, string[]>();

function specialTextsOf(tokenizer: Tokenizer): string[] {
  const texts = known.get(tokenizer) ?? tokenizer.specialIds().flatMap((id) => tokenizer.tokenOf(id) ?? []);
  known.set(tokenizer, texts);
  return texts;
}
