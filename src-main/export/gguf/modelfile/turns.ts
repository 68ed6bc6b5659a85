import type { ChatTurn } from '../../../contract/chat-turn.ts';
import { Problem } from '../../../contract/problem.ts';
import type { ChatTemplate } from '../../../text/chat/chat-template.ts';

/** What a chat template writes around the turns of a plain conversation. */
export interface Turns {
  /** Before the first turn where nobody gives a system prompt: a BOS, or a system prompt of the model's own. */
  readonly opening: string;
  readonly system: { readonly before: string; readonly behind: string; /** Whether it stands within the first user's turn. */ readonly isWithin: boolean } | null;
  readonly user: readonly [before: string, behind: string];
  readonly assistant: readonly [before: string, behind: string];
  /** What opens the answer. */
  readonly answer: string;
}

const [S, U, A, V] = ['SYSTEM7391', 'USER7391', 'ANSWER7391', 'AGAIN7391'];

/**
 * Reads a template by what it writes; null where its turns do not follow each other so simply.
 * @param bos  the token that may open a conversation: no part of it belongs to a turn; null for none
 */
export function turnsOf(template: ChatTemplate, bos: string | null): Turns | null {
  const render = (messages: readonly ChatTurn[], addGenerationPrompt: boolean): string => template.render(messages, { addGenerationPrompt });
  try {
    const user: ChatTurn = { role: 'user', content: U };
    const alone = render([user], false).split(U);
    const asked = render([user], true);
    const [first, middle, next] = cut(render([user, { role: 'assistant', content: A }, { role: 'user', content: V }], false), [U, A, V]);
    const behindUser = alone[1];
    if (first === undefined || middle === undefined || next === undefined || behindUser === undefined || alone.length !== 2) return null;
    if (!middle.startsWith(behindUser) || alone[0] !== first || !asked.startsWith(first + U + behindUser)) return null;
    const begun = bos !== null && first.startsWith(bos) ? bos.length : 0;
    const beforeUser = commonEnd(first.slice(begun), next);
    return {
      opening: first.slice(0, first.length - beforeUser.length), user: [beforeUser, behindUser],
      assistant: [middle.slice(behindUser.length), next.slice(0, next.length - beforeUser.length)],
      answer: asked.slice(first.length + U.length + behindUser.length), system: systemOf(render, beforeUser),
    };
  } catch (error) {
    if (error instanceof Problem) return null;
    throw error;
  }
}

function systemOf(render: (messages: readonly ChatTurn[], open: boolean) => string, beforeUser: string): Turns['system'] {
  try {
    const [before, between] = cut(render([{ role: 'system', content: S }, { role: 'user', content: U }], false), [S, U]);
    if (before === undefined || between === undefined) return null;
    if (between.endsWith(beforeUser) && beforeUser !== '') return { before, behind: between.slice(0, between.length - beforeUser.length), isWithin: false };
    return { before, behind: between, isWithin: true };
  } catch (error) {
    // Some refuse a system prompt.
    if (error instanceof Problem) return null;
    throw error;
  }
}

/** A text cut at marks that stand in it in this order. */
function cut(text: string, marks: readonly string[]): string[] {
  const parts: string[] = [];
  let rest = text;
  for (const mark of marks) {
    const at = rest.indexOf(mark);
    if (at < 0) return [];
    parts.push(rest.slice(0, at));
    rest = rest.slice(at + mark.length);
  }
  return parts;
}

function commonEnd(one: string, other: string): string {
  let length = 0;
  while (length < Math.min(one.length, other.length) && one.at(-1 - length) === other.at(-1 - length)) length++;
  return one.slice(one.length - length);
}

/** A conversation as these turns write it. */
export function writeTurns({ opening, system, user, assistant, answer }: Turns, messages: readonly ChatTurn[]): string {
  const prompt = messages[0]?.role === 'system' ? String(messages[0].content) : null;
  const turns = messages.filter(({ role }) => role !== 'system').map(({ role, content }, at) => {
    const [before, behind] = role === 'assistant' ? assistant : user;
    if (at === 0 && prompt !== null && system?.isWithin) return system.before + prompt + system.behind + String(content) + behind;
    return before + String(content) + behind;
  });
  const begun = prompt === null || system === null ? opening : system.isWithin ? '' : system.before + prompt + system.behind;
  return begun + turns.join('') + answer;
}
