import { Problem } from '../../../contract/problem.ts';
import { activation } from './activation.ts';
import { attention } from './attention.ts';
import { elementwise } from './elementwise.ts';
import { gather } from './gather.ts';
import type { Kernel, Kernels } from './kernel.ts';
import { layout } from './layout.ts';
import { matmul } from './matmul.ts';
import { norm } from './norm.ts';
import { reduce } from './reduce.ts';
import { rotary } from './rotary.ts';

/** What computes each operator, by its ONNX name. */
const KERNELS: Kernels = { ...elementwise, ...activation, ...layout, ...gather, ...matmul, ...reduce, ...norm, ...rotary, ...attention };

/** @throws Problem where there is none */
export function kernelOf(type: string): Kernel {
  const kernel = KERNELS[type];
  if (!kernel) throw new Problem(`The device "tfjs" has no kernel for the operator ${type}, which this model or method needs.`, { hint: 'Choose the device "cpu", which computes every model.' });
  return kernel;
}
