import type { GgufType } from './gguf-types.ts';
import type { Score } from './events.ts';
import type { Recipe } from './recipe.ts';

export const EXPORT_PRECISIONS = ['fp32', 'fp16', 'int8', 'int4', 'q4f16'] as const;
export type ExportPrecision = (typeof EXPORT_PRECISIONS)[number];

/** What each precision is for, and the share of positions at which it should have the trained model's first choice. */
export const PRECISION_FACTS: Readonly<Record<ExportPrecision, { name: string; words: string; agreement: number }>> = {
  fp32: { name: 'Single precision', words: 'The trained weights as they are.', agreement: 0.999 },
  fp16: { name: 'Half precision', words: 'Half the size; the same text but for near ties.', agreement: 0.99 },
  int8: { name: '8-bit integers', words: 'A quarter of the size, quicker on most CPUs.', agreement: 0.95 },
  int4: { name: '4-bit integers', words: 'An eighth of the size, in blocks of 32; large models bear it better than small ones.', agreement: 0.85 },
  q4f16: { name: '4-bit integers in half precision', words: 'The same 4 bits, multiplied in float16: what transformers.js runs on a graphics card.', agreement: 0.85 },
};

export interface ExportedFile { name: string; bytes: number }

/** Greedy texts by an exported file against the trained weights' own. */
export interface GreedyAgreement {
  /** Of so many prompts, each of up to `length` tokens. */
  prompts: number;
  length: number;
  /** Share of those tokens up to the first that is another one, and the prompts whose whole text is the same. */
  agreeing: number;
  sameTexts: number;
}

/** One precision of an export against the trained weights, at every token of the texts. */
export interface ExportedPrecision {
  precision: ExportPrecision;
  files: ExportedFile[];
  bytes: number;
  maxLogitDifference: number;
  meanLogitDifference: number;
  /** Share of positions at which both have the same token on top. */
  topAgreement: number;
  /** Whether that is at least what `PRECISION_FACTS` states. */
  keeps: boolean;
  perplexity: number;
  /** Left out in older reports. */
  greedy?: GreedyAgreement;
  /** Median milliseconds of a token written alone, on the machine that exported; null where no token was. */
  tokenMs: number | null;
}

/** An exported file in the program that people run it with, against the trained weights, over the texts of the report. */
export interface RuntimeRun extends GreedyAgreement {
  /** `llama.cpp`, and the version that ran it. */
  runtime: string;
  version: string;
  /** As of an `ExportedPrecision`. */
  topAgreement: number;
  perplexity: number;
  /** Written one text at a time on the machine that exported; null where no token was. */
  tokensPerSecond: number | null;
  /** What does not survive the way: a template, a token that ends an answer. In sentences. */
  faults: string[];
}

/** What a draft is worth to the model that it drafts for, in llama.cpp's speculative decoding. */
export interface DraftMeasure {
  runtime: string;
  version: string;
  /** The model that it drafts for, and the GGUF file that drafted. */
  target: string;
  file: string;
  prompts: number;
  /** Most tokens of one draft. */
  draftTokens: number;
  /** Share of drafted tokens that the model itself would have written; null where none was drafted. */
  acceptance: number | null;
  /** Texts that are the same with and without drafts: all of them, but for near ties. */
  sameTexts: number;
  /** Of the model alone and with drafts, one text at a time, its prompt's reading included, on the machine that exported. */
  aloneTokensPerSecond: number;
  tokensPerSecond: number;
}

/** A GGUF file of an export. */
export interface ExportedGguf {
  type: GgufType;
  file: ExportedFile;
  /** Whether it was rounded by an importance matrix. */
  imatrix: boolean;
  /** What llama.cpp does otherwise than the model, in sentences. */
  notes: string[];
  /** What came of opening it; where nothing did, why, and how to change that. */
  opened: RuntimeRun | { missing: string; hint: string };
}

/** The greedy text of one prompt by the trained model and by every exported precision or type. */
export interface ExportSample { prompt: string; trained: string; exported: Partial<Record<ExportPrecision | GgufType, string>> }

/** A file or folder for another runtime, and what was found when its weights were read back and computed with. */
export interface ExportedOther extends ExportedFile {
  /** `adapter` or `mlx 4bit`. */
  kind: string;
  /** What opens it, and how. */
  opens: string;
  /** Against the trained weights; null where it holds those as they are. */
  parity: { topAgreement: number; perplexity: number } | null;
}

/** What an export has made, and how near it is. */
export interface ExportReport {
  folder: string;
  parameters: number;
  /** Everything in the folder but its card and this report. */
  bytes: number;
  precisions: ExportedPrecision[];
  safetensors: ExportedFile | null;
  /** What else it holds; older reports have none. */
  others?: ExportedOther[];
  /** The ONNX file that genai_config.json names; null where the family has none. */
  genai: string | null;
  /** GGUF files, and the Modelfile beside them; left out where there are none. */
  gguf?: ExportedGguf[];
  modelfile?: ExportedFile;
  /** Of a student that was trained to draft: with each GGUF file. Left out where nothing was measured. */
  drafts?: DraftMeasure[];
  measuredOn: { kind: 'data' | 'own'; texts: number; tokens: number };
  /** Of the same texts; null where only the weights were taken along. */
  trainedPerplexity: number | null;
  samples: ExportSample[];
  /**
   * The first prompt as a program hands it to the model's tokenizer, which adds what it adds to any text; `isChat` where a template has
   * written turns into it. Left out in older reports.
   */
  prompt?: { text: string; isChat: boolean };
}

/** Where an exported model comes from, for its card. */
export interface ExportOrigin {
  run: string;
  runId: string;
  runDir: string;
  step: number;
  recipe: Recipe;
  /** What trained it, where that was not Retort. */
  engine: string | null;
  /** What happened in the run that its recipe does not tell, in sentences. */
  remarks: string[];
  /** Of the last evaluation up to that step. */
  evaluation: { step: number; examples: number; metrics: Readonly<Record<string, Score>> } | null;
}

/** A run's student at a step (the last checkpoint where it is left out), or any model folder. */
export type ExportSubject = { kind: 'run'; runId: string; step?: number | 'best' | undefined } | { kind: 'model'; path: string };

/** An export in the history. */
export interface ExportRecord {
  id: number;
  /** The run and step it came from; null for a model that no run made, or whose run was deleted. */
  run: string | null;
  step: number | null;
  created: number;
  /** The model folder that was exported, and the folder that was made. */
  source: string;
  folder: string;
  /** What it holds, separated by commas. */
  precision: string;
  bytes: number;
  report: ExportReport;
}
