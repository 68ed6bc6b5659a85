export const DATA_FORMATS = ['jsonl', 'json', 'csv', 'tsv', 'parquet'] as const;
export type DataFormat = (typeof DATA_FORMATS)[number];

export const VALUE_KINDS = ['text', 'number', 'boolean', 'list', 'object', 'messages', 'empty'] as const;
export type ValueKind = (typeof VALUE_KINDS)[number];

/** A data file, and one page of its rows. */
export interface DataPreview {
  path: string;
  format: DataFormat;
  isGzipped: boolean;
  /** Rows of the whole file, all of which have been read. */
  count: number;
  /** Index of the first row of the page. */
  offset: number;
  rows: Record<string, unknown>[];
  /** The columns of the rows in order of appearance, with the kinds of values found in them. */
  columns: { name: string; kinds: ValueKind[] }[];
}

/** One token of an example; `isLearned` says whether the loss counts it. */
export interface SeenToken { id: number; text: string; isLearned: boolean }

/** An example as the model gets it: what was cut off is missing, and EOS is there where it is learned. */
export interface SeenExample {
  promptText: string;
  completionText: string | null;
  tokens: SeenToken[];
  isPromptCut: boolean;
  isCompletionCut: boolean;
  /** Where the conversation's answer does not go on from what the model is asked with: how each goes on there. */
  opening: { asked: string; written: string } | null;
  /** Whether what is learned begins within a token, which is learned whole. */
  isMoved: boolean;
  /** What its messages have and the chat template writes nothing of. */
  ignored: string[];
}

/** Lengths in tokens. */
export interface Lengths { mean: number; median: number; p95: number; p99: number; max: number }

export interface LengthSummary {
  examples: number;
  /** Before anything was cut off; null without examples. */
  prompt: Lengths | null;
  /** EOS included, before anything was cut off; null where no example has a completion. */
  completion: Lengths | null;
  cutPrompts: number;
  cutCompletions: number;
  /** Examples whose prompt has no token. */
  emptyPrompts: number;
  /** Examples whose completion is only its EOS. */
  emptyCompletions: number;
}

/**
 * A data file through the eyes of a model: its first examples, and the lengths of all of them. `template` is the chat
 * template that the prompts were rendered with, in Jinja; null where they are plain text.
 */
export interface SeenData { examples: SeenExample[]; lengths: LengthSummary; template: string | null }
