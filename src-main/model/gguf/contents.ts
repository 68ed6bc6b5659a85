import type { Metadata } from './metadata.ts';

/** What a plan is made from: a file, or one that is to be written. */
export interface GgufContents {
  readonly path: string;
  readonly metadata: Metadata;
  has(tensor: string): boolean;
  /** Outermost dimension first. */
  shape(tensor: string): readonly number[];
  /** A tensor that says something of the config. */
  read(tensor: string): Promise<Float32Array>;
}
