import type { SeenToken } from '../../../../src-main/contract/data-view.ts';

/** Neighbouring tokens of one example that are shown alike. */
export interface TokenPart {
  tokens: SeenToken[];
  isLearned: boolean;
  /** What the part is of a turn; null for all other text. */
  role: 'think block' | 'empty think block' | 'end' | null;
}

/** How templates open a think block, and how what they open with is closed. */
const THINKING: readonly (readonly [RegExp, (opening: RegExpExecArray) => string])[] = [
  [/<((?:seed:)?think(?:ing)?)>/g, ([, name]) => `</${name}>`],
  [/\[THINK\]/g, () => '[/THINK]'],
  [/<\|START_THINKING\|>/g, () => '<|END_THINKING|>'],
  [/<\|channel\|>analysis<\|message\|>/g, () => '<|end|>'],
];

/** An example's tokens cut into what is learned and what is given, with the think blocks and ends of the learned turns apart. */
export function tokenParts(tokens: readonly SeenToken[]): TokenPart[] {
  const blocks = thinkBlocks(tokens);
  const parts: (TokenPart & { block: Block | undefined })[] = [];
  tokens.forEach((token, at) => {
    const block = blocks.find(({ start, end }) => at >= start && at < end);
    const isEnd = token.isLearned && token.isMark && tokens[at + 1]?.isLearned !== true;
    const role = isEnd ? 'end' : block ? (block.isEmpty ? 'empty think block' : 'think block') : null;
    const last = parts.at(-1);
    if (last && last.isLearned === token.isLearned && last.role === role && last.block === block) last.tokens.push(token);
    else parts.push({ tokens: [token], isLearned: token.isLearned, role, block });
  });
  return parts.map(({ block: _, ...part }) => part);
}

/** Places of tokens, `end` excluded. */
interface Block { start: number; end: number; isEmpty: boolean }

/** The think blocks of learned turns. What a prompt says about thinking is none, so a block reaches into what is learned or stands right before it. */
function thinkBlocks(tokens: readonly SeenToken[]): Block[] {
  const text = tokens.map((token) => token.text).join('');
  let length = 0;
  const starts = tokens.map((token) => (length += token.text.length) - token.text.length);
  const tokenAt = (offset: number): number => starts.findLastIndex((start) => start <= offset);
  return THINKING.flatMap(([opens, closes]) => [...text.matchAll(opens)].flatMap((opening, at, all) => {
    const inside = opening.index + opening[0].length;
    const next = all[at + 1]?.index ?? Infinity;
    const closing = closes(opening);
    const found = text.indexOf(closing, inside);
    if (found > next) return [];
    const start = tokenAt(opening.index);
    // What is cut off is not closed.
    const end = found < 0 ? tokens.length : tokenAt(found + closing.length - 1) + 1;
    if (found < 0 && !tokens[start]!.isLearned) return [];
    const behind = tokens.slice(end).find((token) => token.text.trim() !== '');
    const isOfTurn = tokens.slice(start, end).some(({ isLearned }) => isLearned) || behind?.isLearned === true;
    return isOfTurn ? [{ start, end, isEmpty: found >= 0 && text.slice(inside, found).trim() === '' }] : [];
  }));
}
