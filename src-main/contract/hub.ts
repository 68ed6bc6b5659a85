import type { ProblemReport } from './problem.ts';

/** Where published models and data sets lie unless somebody says otherwise. */
export const DEFAULT_HUB = 'https://huggingface.co';

export type HubKind = 'model' | 'dataset';

export interface HubFile { path: string; bytes: number }

/** A model or data set that a search found. */
export interface HubFound {
  id: string;
  licence: string | null;
  /** Its owners ask who uses it. */
  isGated: boolean;
  downloads: number;
  /** Of a model: its kind and its weights, as far as the hub says. */
  modelType: string | null;
  parameters: number | null;
}

/** What a model takes in memory for one use of it, in bytes, beside what is free. */
export interface HubFit { use: string; bytes: number }

/** A repository looked at before anything of it is downloaded. */
export interface HubLook {
  hub: string;
  kind: HubKind;
  id: string;
  /** The commit that the asked revision names now; the download is of it. */
  commit: string;
  licence: string | null;
  isGated: boolean;
  /** What would be downloaded; empty where something has to be chosen first, or nothing can be used. */
  files: HubFile[];
  bytes: number;
  /** Files of which the person chooses: GGUF files, files of a data set. */
  choices: HubFile[];
  /** Of a model whose config Retort understands. */
  model: { family: string; parameters: number; layers: number; contextLength: number | null } | null;
  fits: HubFit[];
  memoryFree: number;
  /** Why Retort cannot use it. It can be downloaded all the same. */
  unusable: ProblemReport | null;
}

/** What was downloaded, and where it lies now. */
export interface HubGot {
  to: string;
  commit: string;
  files: HubFile[];
  /** It was there already, whole. */
  wasThere: boolean;
}
