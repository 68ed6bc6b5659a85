import type { ExportPart } from '../../contract/export-parts.ts';
import type { ExportedOther, ExportReport } from '../../contract/export-report.ts';
import type { JsonObject } from '../../files/json-object.ts';
import type { Model } from '../../model/load-model.ts';
import type { Measure } from './measure.ts';

/** A folder in the making: what its formats are written from. */
export interface ExportJob {
  readonly model: Model;
  readonly measure: Measure;
  /** Where it is made; its files get their places in it. */
  readonly folder: string;
  /** The name that the folder will have. */
  readonly name: string;
  /** Whether the folder is for one format and one type alone, and so may be what a runtime opens. */
  readonly isAlone: boolean;
  /** A folder in which packages are looked for that Retort does not bring; null for none. */
  readonly peers: string | null;
  /** Of a model that was trained to draft: for which one, and how many tokens at once; null for others. */
  readonly draftFor: { readonly model: string; readonly draftTokens: number } | null;
  readonly signal: AbortSignal;
  /** One of the part's steps begins. @throws the signal's reason where the export was cancelled */
  step(): void;
  /** A weight of the model, piece by piece in whole rows, as it lies in memory. */
  pieces(name: string): readonly Float32Array[];
  /** The same whole: a copy where it lies in pieces. */
  weight(name: string): Float32Array;
}

/** What a format has made of its part. */
export interface Made {
  readonly report: Partial<ExportReport>;
  readonly bytes: number;
  /** What stands beside the well-known formats of a report. */
  readonly others?: readonly ExportedOther[];
  /** Fields for the folder's `config.json`. */
  readonly config?: JsonObject;
}

/** A format: a file of its own in `formats/`. */
export interface Format<Part extends ExportPart> {
  /** Whether config, tokenizer and settings belong beside it as the field keeps them. */
  readonly needsCompanions: boolean;
  /** @throws Problem, before anything is computed, for a model that the format cannot hold */
  check?(model: Model): Promise<unknown>;
  /** How many steps a part takes, for its progress. */
  steps(part: Part): number;
  /** Writes its files, opens them and says what it found. @throws Problem for a model that the format cannot hold */
  write(part: Part, job: ExportJob): Promise<Made>;
}
