import type { MarkedText } from './chat/marked-text.ts';
import type { TextEncoder } from './text-encoder.ts';
import { tokenAt } from './token-boundary.ts';
import { turnEnd } from './turn-end.ts';

export interface TokenLimits { maxPromptTokens: number; maxCompletionTokens: number }

/** An example's tokens as they are learned from, and how many there were before any were cut off. */
export interface EncodedTexts {
  /** What the model writes behind. */
  prompt: Int32Array;
  /** What stands before the completion where it is learned: the prompt, unless the text as a whole begins otherwise. */
  context: Int32Array;
  /** From the first learned token to the last, which ends the text unless it is cut off; empty where the example has no completion. */
  completion: Int32Array;
  /** Which tokens of the completion are learned, 1 or 0 each; null where all are. */
  learned: Uint8Array | null;
  promptLength: number;
  completionLength: number;
  /** Whether what is learned begins or ends within a token, and was moved to the token's beginning. */
  isMoved: boolean;
}

interface Given { context: readonly number[]; completion: readonly number[]; learned: Uint8Array | null; isMoved: boolean }

/**
 * Cuts a text into tokens, once and as a whole, so that what is learned is what a model would meet and write. An over-long
 * prompt loses its beginning, but not the BOS before it; an over-long completion loses its end.
 */
export function encodeText(marked: MarkedText, encoder: TextEncoder, limits: TokenLimits): EncodedTexts {
  const asked = encoder.encodePrompt(marked.prompt);
  const cut = (tokens: readonly number[]): Int32Array => Int32Array.from(cutPrompt(tokens, encoder.bosId, limits.maxPromptTokens));
  const prompt = cut(asked);
  const given: Given = marked.spans.length === 0 ? { context: asked, completion: [], learned: null, isMoved: false }
    : encoder.isApart || (!encoder.endsItself && areTwoTexts(marked)) ? apart(marked, asked, encoder) : together(marked, encoder);
  const isSame = given.context.length === asked.length && given.context.every((id, at) => id === asked[at]);
  return {
    prompt,
    context: isSame ? prompt : cut(given.context),
    completion: Int32Array.from(given.completion.slice(0, limits.maxCompletionTokens)),
    learned: given.learned && given.learned.slice(0, limits.maxCompletionTokens),
    promptLength: Math.max(asked.length, given.context.length), completionLength: given.completion.length,
    isMoved: given.isMoved,
  };
}

/**
 * Whether a completion is a text of its own: where its first word would run into the prompt's last, or where it brings
 * an indentation of several spaces. All else that stands between the two is their text's, and the text is cut as one.
 */
function areTwoTexts({ text, spans: [first] }: MarkedText): boolean {
  const behind = text.slice(first!.start);
  return /^ {2}/.test(behind) || (WORD_END.test(text.slice(0, first!.start)) && WORD_START.test(behind));
}

const WORD_END = /[\p{L}\p{N}]$/u;
const WORD_START = /^[\p{L}\p{N}]/u;

function together({ text, spans }: MarkedText, encoder: TextEncoder): Given {
  const ids = encoder.encode(text);
  let isMoved = false;
  const place = (offset: number): number => {
    if (offset === text.length) return ids.length;
    const { at, isInside } = tokenAt(ids, encoder.encode(text.slice(0, offset)), encoder.decode);
    isMoved ||= isInside;
    return at;
  };
  const ends = spans.map(({ start, end }) => {
    const [from, to] = [place(start), place(end)];
    return { from, to: endOf(ids, from, to, encoder) };
  });
  const [first, last] = [ends[0]!, ends.at(-1)!];
  const completion = [...ids.slice(first.from, last.to.at), ...(last.to.isClosed ? [] : [encoder.eosId])];
  const learned = ends.length === 1 ? null : new Uint8Array(completion.length);
  if (learned) {
    for (const { from, to } of ends) learned.fill(1, from - first.from, to.at - first.from);
    learned[completion.length - 1] = 1;
  }
  return { context: [...encoder.opening, ...ids.slice(0, first.from)], completion, learned, isMoved };
}

function apart({ text, spans }: MarkedText, asked: readonly number[], encoder: TextEncoder): Given {
  const ids = encoder.encode(text.slice(spans[0]!.start, spans.at(-1)!.end));
  const end = endOf(ids, 0, ids.length, encoder);
  return { context: asked, completion: end.isClosed ? ids.slice(0, end.at) : [...ids, encoder.eosId], learned: null, isMoved: false };
}

/** Where what is learned ends, and whether by a token that ends it: a chat's, or the end token that a row of data has itself. */
function endOf(ids: readonly number[], from: number, to: number, encoder: TextEncoder): { at: number; isClosed: boolean } {
  if (encoder.endsItself) return turnEnd(ids, from, to, encoder) ?? { at: to, isClosed: false };
  return { at: to, isClosed: to > from && encoder.eosIds.includes(ids[to - 1]!) };
}

/** The last `limit` tokens of a prompt, behind its BOS. */
export function cutPrompt(tokens: readonly number[], bosId: number | null, limit: number): readonly number[] {
  if (tokens.length <= limit) return tokens;
  const opening = tokens[0] === bosId && limit > 1 ? [bosId] : [];
  return [...opening, ...tokens.slice(tokens.length - limit + opening.length)];
}
