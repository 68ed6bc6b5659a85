import type { ChatTurn } from './chat-turn.ts';

/** What a person would have a student write instead: a training pair. */
export interface Correction {
  id: number;
  /** The data set it belongs to. */
  dataset: string;
  created: number;
  prompt: string;
  /** The conversation before the completion, where the prompt was made by a chat template. */
  turns: ChatTurn[] | null;
  /** As of a sample: what its data file says more than `turns`. */
  source?: string | null;
  completion: string;
  /** What the student wrote. */
  written: string;
  teacher: string;
  student: string;
}

/** How the data of a run that learns from corrections was made; kept beside the file, for whoever looks at the run's recipe. */
export interface CorrectionMix {
  dataset: string;
  corrections: number;
  /** Times that each of them stands in the data. */
  repetitions: number;
  /** Rows of the original data beside them, and the file they were taken from; 0 and null where they are not mixed. */
  originals: number;
  originalFile: string | null;
  /** The name of the run that is repaired, and whether what it is measured on is measured again. */
  run: string | null;
  isMeasuredAlike: boolean;
}

/** A data set of corrections; all of its prompts are chats, or none. */
export interface CorrectionSet { name: string; count: number; updated: number; isChat: boolean }
