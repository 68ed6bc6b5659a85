import type { ChatTurn } from '../../contract/chat-turn.ts';
import type { Opening } from '../../contract/data-view.ts';
import { Problem } from '../../contract/problem.ts';
import { isAnswered } from './conversation.ts';
import type { MarkedText, Span } from './marked-text.ts';

/** One conversation's way into text. */
export interface TurnRenderer {
  /** Names the template in messages. */
  name: string;
  render(messages: readonly ChatTurn[], options: { addGenerationPrompt: boolean }): string;
  /** As `render` without a generation prompt, with what the template marks as generated; null where it marks nothing. */
  renderMarked(messages: readonly ChatTurn[]): { text: string; spans: Span[] } | null;
  /** Texts of special tokens, which may end a turn. */
  specialTexts: readonly string[];
}

/** Enough of a difference to be recognised. */
const SHOWN = 60;

/**
 * A conversation as the template itself writes it, with its learned turns: what stands behind the generation prompt, up to
 * the turn's end. A turn is found by rendering the conversation up to it, so whatever the template writes there (a think
 * block, trimmed text, tool calls) is learned as it stands.
 *
 * @throws Problem where the template rewrites what lies before a turn, so that nobody can say where it begins or ends
 */
export function markTurns(by: TurnRenderer, messages: readonly ChatTurn[], learn: 'last' | 'all'): MarkedText {
  const ends = isAnswered(messages);
  const given = ends ? messages.slice(0, -1) : messages;
  const prompt = by.render(given, { addGenerationPrompt: true });
  const turns = learn === 'all' ? messages.flatMap(({ role }, at) => (role === 'assistant' ? [at] : [])) : ends ? [messages.length - 1] : [];
  if (turns.length === 0) return { text: prompt, prompt, spans: [], opening: null };

  const marked = by.renderMarked(messages);
  const text = marked?.text ?? by.render(messages, { addGenerationPrompt: false });
  let opening: Opening | null = null;
  const startOf = (turn: number): number => {
    const asked = turn === given.length ? prompt : by.render(messages.slice(0, turn), { addGenerationPrompt: true });
    const start = commonLength(asked, text);
    if (start === asked.length) return start;
    const before = by.render(messages.slice(0, turn), { addGenerationPrompt: false });
    const settled = commonLength(before, asked);
    // An answer may begin like the prompt's end by chance.
    const content = contentStart(turn);
    const place = start >= settled ? (content >= settled ? Math.min(start, content) : start) : behindOpening(asked.slice(settled), start, content);
    if (place === null) throw rewritten(by, turn, learn);
    const apart = Math.min(start, place);
    opening ??= { asked: asked.slice(apart, apart + SHOWN), written: text.slice(apart, apart + SHOWN) };
    return place;
  };

  if (marked) {
    const from = learn === 'all' ? 0 : startOf(turns[0]!);
    const spans = marked.spans.filter(({ start, end }) => end > Math.max(start, from)).map(({ start, end }) => ({ start: Math.max(start, from), end }));
    if (spans.length === 0) throw unwritten(by, turns.at(-1)!);
    return { text, prompt, spans, opening };
  }
  const spans = turns.map((turn) => {
    const start = startOf(turn);
    const end = turn === messages.length - 1 ? text.length : endOf(turn, start);
    const { content } = messages[turn]!;
    if (text.slice(start, end).trim() === '' && (content ?? '').trim() !== '') throw unwritten(by, turn);
    return { start, end };
  });
  if (spans.some(({ start, end }, at) => end <= start || (at > 0 && start < spans[at - 1]!.end))) throw rewritten(by, turns[0]!, learn);
  return { text, prompt, spans, opening };

  /** Where the text of a message begins: the first place that another text would change. */
  function contentStart(turn: number): number {
    const other = messages.map((message, at) => (at === turn ? { ...message, content: `\u2042${message.content ?? ''}` } : message));
    return commonLength(text, by.render(other, { addGenerationPrompt: false }));
  }

  /** Behind what asks for a turn, where the conversation has it between the end of what lies before and the turn's text. */
  function behindOpening(opens: string, from: number, content: number): number | null {
    const at = opens === '' ? -1 : text.lastIndexOf(opens, content - opens.length);
    return at < from - opens.length || at < 0 ? null : at + opens.length;
  }

  function endOf(turn: number, start: number): number {
    const through = by.render(messages.slice(0, turn + 1), { addGenerationPrompt: false }).trimEnd();
    if (text.startsWith(through)) return through.length;
    // Templates shorten earlier turns; what they said still stands there, and behind it the token that closes the turn.
    const said = (messages[turn]!.content ?? '').split('</think>').at(-1)!.trim();
    const found = said === '' ? -1 : text.lastIndexOf(said, contentStart(turn + 1) - said.length);
    if (found < start) throw rewritten(by, turn, learn);
    const behind = found + said.length;
    const gap = /^\s*/.exec(text.slice(behind))![0].length;
    const close = by.specialTexts.filter((special) => text.startsWith(special, behind + gap)).sort((a, b) => b.length - a.length)[0];
    if (close === undefined) throw rewritten(by, turn, learn);
    return behind + gap + close.length;
  }
}

function rewritten({ name }: TurnRenderer, turn: number, learn: 'last' | 'all'): Problem {
  return new Problem(`${name} writes the conversation otherwise once turn ${turn + 1} is there, so what belongs to that turn cannot be told.`, {
    hint: learn === 'all' ? 'Learn the last turn alone, "learn": "last", or give prompt and completion as templates.' : 'Give prompt and completion as templates, or choose another model.',
  });
}

function unwritten({ name }: TurnRenderer, turn: number): Problem {
  return new Problem(`${name} writes nothing of turn ${turn + 1}, which is to be learned.`, { hint: 'Give prompt and completion as templates, or choose another model.' });
}

/** How many UTF-16 units two texts share at their beginning, whole characters all of them. */
function commonLength(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let at = 0;
  while (at < most && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  return at > 0 && isHigh(a.charCodeAt(at - 1)) && (isLow(a.charCodeAt(at)) || isLow(b.charCodeAt(at))) ? at - 1 : at;
}

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;
