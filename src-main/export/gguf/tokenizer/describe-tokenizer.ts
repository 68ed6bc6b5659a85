import { Problem } from '../../../contract/problem.ts';
import { TOOL_USE } from '../../../contract/template-files.ts';
import { endOfTurn } from '../../../text/chat/chat-end.ts';
import { hasChatTemplate, loadChatTemplate, type ChatTemplate } from '../../../text/chat/chat-template.ts';
import type { Companions } from '../../../text/companions.ts';
import type { Tokenizer } from '../../../text/tokenizer/tokenizer.ts';
import { bool, text, texts, u32, type KeyValues, type TypedValue } from '../key-values.ts';
import { describeVocabulary } from './kinds.ts';
import { portableTemplate } from './portable-template.ts';

export interface DescribedTokenizer {
  readonly keys: KeyValues;
  /** Null where the model is not for chats. */
  readonly template: ChatTemplate | null;
  /** Tokens that end an answer, the end of a turn among them. */
  readonly stops: readonly number[];
  /** What llama.cpp does otherwise, in sentences. */
  readonly notes: readonly string[];
}

/** As llama.cpp spells the roles; "seperator" is its own. */
const ROLES = { unk: 'unknown', sep: 'seperator', pad: 'padding', cls: 'cls', mask: 'mask' } as const;

/** All that a GGUF file says of a tokenizer. @param rows  of the embedding @throws Problem where llama.cpp has nothing like it */
export async function describeTokenizer(tokenizer: Tokenizer, companions: Companions, rows: number): Promise<DescribedTokenizer> {
  if (tokenizer.vocabularySize > rows) throw new Problem(`${companions.model} has ${tokenizer.vocabularySize} tokens and an embedding of ${rows} rows, which llama.cpp refuses.`, { hint: 'Enlarge the embedding, or take out the tokens that it does not have.' });
  const json = (await companions.json('tokenizer.json'))!;
  const template = await hasChatTemplate(companions) ? await loadChatTemplate(companions) : null;
  const around = tokensAround(tokenizer);
  const turn = template && endOfTurnOf(template, tokenizer);
  const stops = [...new Set([...tokenizer.eosIds, ...(turn === null ? [] : [turn])])];
  const bos = around.before[0] ?? tokenizer.bosId;
  const [eos, eot, eom] = inRoles(stops, turn);
  return {
    template, stops, notes: [...around.notes, ...stopNotes(stops, tokenizer)],
    keys: {
      ...describeVocabulary({ tokenizer, json, file: companions.pathOf('tokenizer.json'), rows }),
      ...ids({ bos, eos, eot, eom }), ...roleIds(tokenizer),
      'tokenizer.ggml.add_bos_token': bool(around.before.length > 0), 'tokenizer.ggml.add_eos_token': bool(around.behind.length > 0),
      ...(template && { 'tokenizer.chat_template': text(portableTemplate(template.source)) }),
      ...(template?.withTools && {
        'tokenizer.chat_templates': texts([TOOL_USE]), [`tokenizer.chat_template.${TOOL_USE}`]: text(portableTemplate(template.withTools.source)),
      }),
    },
  };
}

/** The first three tokens that end an answer; of two, the second is the end of a turn. */
function inRoles(stops: readonly number[], turn: number | null): (number | undefined)[] {
  const [first, ...rest] = stops;
  const ordered = turn !== null && rest.includes(turn) ? [turn, ...rest.filter((id) => id !== turn)] : rest;
  return [first, ...ordered];
}

function ids(named: Readonly<Record<'bos' | 'eos' | 'eot' | 'eom', number | null | undefined>>): KeyValues {
  return Object.fromEntries(Object.entries(named).flatMap(([role, id]): [string, TypedValue][] => (id === null || id === undefined ? [] : [[`tokenizer.ggml.${role}_token_id`, u32(id)]])));
}

function roleIds(tokenizer: Tokenizer): KeyValues {
  return Object.fromEntries(Object.entries(ROLES).flatMap(([role, name]): [string, TypedValue][] => {
    const token = tokenizer.specialTexts[`${role}_token`];
    const id = role === 'pad' ? tokenizer.padId : token === undefined ? null : tokenizer.idOf(token) ?? null;
    return id === null ? [] : [[`tokenizer.ggml.${name}_token_id`, u32(id)]];
  }));
}

/** What the tokenizer puts around a text. llama.cpp puts at most a BOS before it and an EOS behind. */
function tokensAround(tokenizer: Tokenizer): { before: readonly number[]; behind: readonly number[]; notes: string[] } {
  const sample = sampleText(tokenizer);
  const plain = tokenizer.encode(sample, { special: false });
  const whole = tokenizer.encode(sample, { special: true });
  const at = whole.findIndex((_, from) => plain.every((id, offset) => whole[from + offset] === id));
  const [before, behind] = [whole.slice(0, Math.max(0, at)), whole.slice(at + plain.length)];
  const words = (list: readonly number[]): string => list.map((id) => tokenizer.tokenOf(id) ?? '').join(' ');
  return {
    before, behind,
    notes: [
      ...(before.length > 1 ? [`Its texts begin with ${words(before)}, and llama.cpp writes only the first of these tokens.`] : []),
      ...(behind.some((id) => id !== tokenizer.eosIds[0]) ? [`Its texts end with ${words(behind)}, and llama.cpp writes only its end-of-text token.`] : []),
    ],
  };
}

/** A text that gives tokens: a small vocabulary may not have every letter. */
function sampleText(tokenizer: Tokenizer): string {
  const special = new Set(tokenizer.addedIds());
  const own = Array.from({ length: tokenizer.vocabularySize }, (_, id) => id).filter((id) => !special.has(id)).slice(0, 256).map((id) => tokenizer.decode([id], { skipSpecial: true }));
  return ['a', ...own].find((text) => tokenizer.encode(text, { special: false }).length > 0) ?? 'a';
}

function endOfTurnOf(template: ChatTemplate, tokenizer: Tokenizer): number | null {
  try {
    return endOfTurn(template, tokenizer);
  } catch (error) {
    // A template that refuses a plain chat says nothing of its turns.
    if (error instanceof Problem) return null;
    throw error;
  }
}

/** llama.cpp has three places for such tokens, and knows some more by their text. */
function stopNotes(stops: readonly number[], tokenizer: Tokenizer): string[] {
  const KNOWN = /^(<\|im_end\|>|<\|end\|>|<end_of_turn>|<\|endoftext\|>|<\|eot_id\|>|<\|eom_id\|>|<\|end_of_text\|>|<EOT>|_<EOT>|<｜end▁of▁sentence｜>|<end_of_utterance>|<\/s>|<eos>)$/;
  const others = stops.slice(3).map((id) => tokenizer.tokenOf(id) ?? '').filter((token) => !KNOWN.test(token));
  return others.length === 0 ? [] : [`It also ends at ${others.join(', ')}, for which a GGUF file has no place; the Modelfile names them.`];
}
