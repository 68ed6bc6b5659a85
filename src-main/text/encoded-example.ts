import type { Row } from '../data/row.ts';
import type { ChatTurn } from '../contract/chat-turn.ts';
import type { EncodedTexts } from './encode.ts';
import type { ExampleNotes } from './notes.ts';

/** A row as text and as tokens. */
export interface EncodedExample extends EncodedTexts {
  /** The row's place in its file. */
  index: number;
  /** Its columns. */
  row: Row;
  /** Without the shots before it, which every example has. */
  promptText: string;
  /** All that the prompt's tokens say, the shots included. */
  inputText: string;
  /** How many tokens the shots are. */
  shotTokens: number;
  completionText: string | null;
  /** The conversation, without shots, that the prompt was rendered from, where it was. */
  turns: ChatTurn[] | null;
  notes: ExampleNotes;
}

/** An example's text as it is learned from data, or judged as it is given there. */
export interface GivenText {
  index: number;
  /** What stands before the text that is learned. */
  prompt: Int32Array;
  completion: Int32Array;
  /** Which tokens of the completion are learned, 1 or 0 each; null where all are. */
  learned: Uint8Array | null;
}

/** What a data file itself says, whoever writes to its prompts otherwise. */
export function givenText({ index, context, completion, learned }: Pick<EncodedExample, 'index' | 'context' | 'completion' | 'learned'>): GivenText {
  return { index, prompt: context, completion, learned };
}
