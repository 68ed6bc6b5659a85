import type { z } from 'zod';

/** What a teacher or a student asks of a device. */
interface Asked { device: string; precision?: string | undefined; adapter?: { dropout: number } | undefined }

/** What TensorFlow.js has no numbers or kernels for: weights in halves and bytes, and the whole numbers of 64 bits by which dropout is drawn. */
export function refuseOnTfjs({ device, precision = 'fp32', adapter }: Asked, context: Pick<z.core.$RefinementCtx, 'addIssue'>): void {
  if (device !== 'tfjs') return;
  if (precision !== 'fp32') context.addIssue({ code: 'custom', path: ['precision'], input: precision, message: `"${precision}" is not computed by the device "tfjs", which has fp32 alone; "cpu" and "webgpu" have it` });
  if (adapter && adapter.dropout > 0) context.addIssue({ code: 'custom', path: ['adapter', 'dropout'], input: adapter.dropout, message: 'dropout is not computed by the device "tfjs"; take 0, or the device "cpu" or "webgpu"' });
}
