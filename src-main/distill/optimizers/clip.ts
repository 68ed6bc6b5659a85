/**
 * The factor that brings a gradient of the given global norm down to `clipNorm`, as PyTorch's `clip_grad_norm_` does;
 * 1 where it is shorter, or where `clipNorm` is 0. The norm must be finite: no factor mends a gradient that is not.
 */
export function clipScale(norm: number, clipNorm: number): number {
  return clipNorm === 0 ? 1 : Math.min(1, clipNorm / (norm + 1e-6));
}
