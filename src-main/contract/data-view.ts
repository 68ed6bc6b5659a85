export const DATA_FORMATS = ['jsonl', 'json', 'csv', 'tsv', 'parquet'] as const;
export type DataFormat = (typeof DATA_FORMATS)[number];

export const VALUE_KINDS = ['text', 'number', 'boolean', 'list', 'object', 'messages', 'empty'] as const;
export type ValueKind = (typeof VALUE_KINDS)[number];

/** A data file, and one page of its rows. */
export interface DataPreview {
  path: string;
  format: DataFormat;
  isGzipped: boolean;
  /** Rows that have been read: of the whole file, or of its first part where it is long. */
  count: number;
  /** Whether `count` is that of the whole file. */
  isCounted: boolean;
  /** Index of the first row of the page. */
  offset: number;
  rows: Record<string, unknown>[];
  /** The columns of the rows in order of appearance, with the kinds of values found in them. */
  columns: { name: string; kinds: ValueKind[] }[];
}

/** One token of an example; `isLearned` says whether the loss counts it, `isMark` whether it is special or ends a text. */
export interface SeenToken { id: number; text: string; isLearned: boolean; isMark: boolean }

/** How a model is asked to begin and how its template writes the beginning of a turn, where the two are not the same. */
export interface Opening { asked: string; written: string }

/** An example as the model gets it: what was cut off is missing, and EOS is there where it is learned. */
export interface SeenExample {
  promptText: string;
  completionText: string | null;
  tokens: SeenToken[];
  isPromptCut: boolean;
  isCompletionCut: boolean;
  /** Where the conversation's answer does not go on from what the model is asked with: how each goes on there. */
  opening: Opening | null;
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

/** What a person should know of how all examples of a file became tokens. */
export interface TextNotes {
  examples: number;
  /** Examples in which what is learned begins or ends within a token. */
  moved: number;
  /** Examples whose answer does not go on from the generation prompt, and the first such beginning. */
  openings: number;
  opening: Opening | null;
  /** Examples with something that no token writes, and the first such part of a text. */
  missed: number;
  firstMissed: string | null;
  /** How many examples have a key that the template does not show, by key. */
  ignored: Readonly<Record<string, number>>;
}

/**
 * A data file through the eyes of a model: its first examples, and the lengths of all of them. `template` is the chat
 * template that the prompts were rendered with, in Jinja; null where they are plain text.
 */
export interface SeenData { examples: SeenExample[]; lengths: LengthSummary; notes: TextNotes; template: string | null }
