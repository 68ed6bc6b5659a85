import type { RopeScaling } from './rope-config.ts';

/** By how much YaRN (arXiv 2309.00071) scales both tables where no `attention_factor` is said. */
export function yarnFactor({ factor, mscale, mscaleAllDim }: Pick<Extract<RopeScaling, { type: 'yarn' }>, 'factor' | 'mscale' | 'mscaleAllDim'>): number {
  const scale = (by: number): number => (factor <= 1 ? 1 : 0.1 * by * Math.log(factor) + 1);
  return mscale && mscaleAllDim ? scale(mscale) / scale(mscaleAllDim) : scale(1);
}

/** By how much a stretched rotary embedding scales both tables. @param context  tokens that the model was made for */
export function attentionFactor(scaling: RopeScaling | null, context: number): number {
  if (scaling?.type === 'yarn') return scaling.attentionFactor ?? yarnFactor(scaling);
  if (scaling?.type === 'longrope') {
    if (scaling.attentionFactor !== null) return scaling.attentionFactor;
    const factor = scaling.factor ?? context / scaling.originalContext;
    return factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(scaling.originalContext));
  }
  return 1;
}
