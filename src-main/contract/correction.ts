import type { ChatTurn } from './inspection.ts';

/** What a person would have a student write instead: a training pair. */
export interface Correction {
  id: number;
  /** The data set it belongs to. */
  dataset: string;
  created: number;
  prompt: string;
  /** The conversation before the completion, where the prompt was made by a chat template. */
  turns: ChatTurn[] | null;
  completion: string;
  /** What the student wrote. */
  written: string;
  teacher: string;
  student: string;
}

/** A data set of corrections; all of its prompts are chats, or none. */
export interface CorrectionSet { name: string; count: number; updated: number; isChat: boolean }
