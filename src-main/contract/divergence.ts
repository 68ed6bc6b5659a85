/** The names of the divergences a recipe may choose; `distill/divergences.ts` has their mathematics. */
export const DIVERGENCES = ['forward_kl', 'reverse_kl', 'jsd', 'tvd', 'cross_entropy'] as const;
export type DivergenceName = (typeof DIVERGENCES)[number];

export const DEVICES = ['cpu', 'webgpu', 'cuda', 'tfjs'] as const;
export type Device = (typeof DEVICES)[number];
/** Those that ONNX Runtime computes on. */
export type OrtDevice = Exclude<Device, 'tfjs'>;
