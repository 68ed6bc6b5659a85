/** How a rotary embedding's frequencies were stretched to longer texts. */
export type RopeScaling =
  | { type: 'linear'; factor: number }
  | { type: 'dynamic'; factor: number }
  | { type: 'llama3'; factor: number; lowFreqFactor: number; highFreqFactor: number; originalContext: number }
  | { type: 'yarn'; factor: number; originalContext: number; betaFast: number; betaSlow: number; attentionFactor: number | null;
      mscale: number | null; mscaleAllDim: number | null; truncate: boolean }
  | { type: 'longrope'; shortFactor: readonly number[]; longFactor: readonly number[]; originalContext: number;
      factor: number | null; attentionFactor: number | null };

/** A rotary embedding. */
export interface Rope {
  theta: number;
  scaling: RopeScaling | null;
  /** Elements at the front of each head that are rotated, an even number; the whole head, or in some families a part. */
  width: number;
}
