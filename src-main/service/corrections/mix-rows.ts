import type { Correction } from '../../contract/correction.ts';
import { permutation } from '../../contract/random.ts';
import type { Recipe } from '../../contract/recipe.ts';
import { Template } from '../../contract/template.ts';
import { splitValidation } from '../../data/order.ts';
import { parseExactly } from '../../data/exact-json.ts';
import { peekRows, readRows, rowName } from '../../data/read.ts';
import type { Row } from '../../data/row.ts';
import { completionTemplate } from '../../text/examples.ts';
import { readMessages, readTools, type Conversation } from '../../text/chat/conversation.ts';

/** Rows of the original data beside each repetition of a correction, so that what was learned is not forgotten. */
const ORIGINALS = 4;
/** Repetitions of corrections in all where there are few, and of each of them at least and at most. */
const REPETITIONS = 160;
const [FEWEST, MOST] = [4, 40];
/** Rows of the original data that are chosen from: the first ones of a longer file. */
const LOOKED_AT = 20_000;

export interface MixedRows { train: Row[]; validation: Row[] | null; repetitions: number; originals: number }

/** The rows of a run that learns from corrections, and those it is measured on where they cannot stay where they are. */
export async function mixRows(corrections: readonly Correction[], base: Recipe | null): Promise<MixedRows> {
  const isChat = corrections[0]!.turns !== null;
  const repetitions = Math.min(MOST, Math.max(FEWEST, Math.ceil(REPETITIONS / corrections.length)));
  const own = corrections.flatMap((correction) => Array.from({ length: repetitions }, () => mixed(correction, base)));
  const data = base && readerOf(base.data, isChat);
  if (!base || !data) return { train: own, validation: null, repetitions, originals: 0 };
  const { train, validation } = await split(base);
  const wanted = ORIGINALS * own.length;
  // Once through all of them in the seed's order, and again where they are too few.
  const order = permutation(train.length, base.seed, { purpose: 'subset' });
  const originals = Array.from({ length: wanted }, (_, at) => data(train[order[at % train.length]!]!, rowName(base.data.train, order[at % train.length]!)));
  return {
    train: [...own, ...originals], repetitions, originals: originals.length,
    validation: validation?.map((row, at) => data(row, rowName(base.data.validation ?? base.data.train, at))) ?? null,
  };
}

/** The rows a recipe trains on and those it holds out; null where it holds none out. */
async function split({ data, seed }: Recipe): Promise<{ train: Row[]; validation: Row[] | null }> {
  if (data.validationShare === undefined) {
    return { train: await peekRows(data.train, LOOKED_AT), validation: data.validation === undefined ? null : await peekRows(data.validation, LOOKED_AT) };
  }
  const rows = await readRows(data.train);
  const { train, validation } = splitValidation(rows.length, data.validationShare, seed);
  return { train: train.map((at) => rows[at]!), validation: validation.map((at) => rows[at]!) };
}

/** How a row of the original data is written beside corrections; null where the two cannot be one file, or nothing of it can be learned. */
function readerOf({ messages, chat, prompt, completion }: Recipe['data'], isChat: boolean): ((row: Row, where: string) => Row) | null {
  if (messages !== undefined) return isChat ? (row) => row : null;
  if (isChat !== chat || prompt === undefined || completion === undefined) return null;
  const [prompts, completions] = [new Template(prompt), completionTemplate(completion, chat)];
  return (row, where) => ({ ...row, prompt: prompts.render(row, where), completion: completions.render(row, where) });
}

/** A correction beside rows of the original data: where their prompts are put into a turn, its own is what goes into it. */
function mixed(correction: Correction, base: Recipe | null): Row {
  const turn = base?.data.chat === true && correction.turns?.at(-1);
  return { ...rowOf(correction, base?.data), ...(turn && { prompt: turn.content, completion: correction.completion }) };
}

/** A correction as a row of a data file: a whole conversation where its prompt was one. */
export function rowOf({ prompt, turns, source, completion, written }: Correction, columns: Pick<Recipe['data'], 'messages' | 'tools'> = {}): Row {
  if (!turns) return { prompt, completion, written };
  const said = source ? readSource(source) : { messages: turns, tools: null };
  // A column that the recipe names must be in every row.
  const tools = said.tools !== null || columns.tools !== undefined ? { [columns.tools ?? 'tools']: said.tools } : {};
  return { [columns.messages ?? 'messages']: [...said.messages, { role: 'assistant', content: completion }], ...tools, written };
}

function readSource(source: string): Conversation {
  const { messages, tools } = parseExactly(source) as { messages: unknown; tools: unknown };
  return { messages: readMessages(messages, 'A correction'), tools: readTools(tools, 'A correction') };
}
