import { Problem } from '../contract/problem.ts';

/** The bits that are all set in what is no finite number. */
const EXPONENT = 0x7f800000;

/** @throws Problem where a weight is NaN or infinite: everything that is computed with it would be. @param first  how many elements of the tensor came before */
export function refuseInfinite(path: string, tensor: string, values: Float32Array, first: number): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let at = 0; at < bits.length; at++) {
    if ((bits[at]! & EXPONENT) === EXPONENT) throw infiniteWeight(path, tensor, String(values[at]!), first + at);
  }
}

export function infiniteWeight(path: string, tensor: string, what: string, element: number): Problem {
  return new Problem(`${path}: the weights are not finite: ${tensor} holds ${what} (element ${element}).`, {
    hint: 'The model was saved after its training went wrong, or the file was damaged: use an earlier checkpoint, or get it again.',
  });
}
