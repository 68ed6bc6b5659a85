import { DTYPES } from '../dtype.ts';
import type { Value } from '../value.ts';
import { made, type NodeWriter } from './node-writer.ts';

/** Bytes in and bytes out, with floats between: WebGPU has few operators for bytes. @param make  nodes on the floats of the inputs; gives the name of the last */
export function throughFloats(inputs: readonly Value[], output: Value, writer: NodeWriter, make: (floats: readonly string[]) => string): void {
  const result = make(inputs.map((input) => made(writer, 'Cast', [input], { to: DTYPES.float32.code })));
  writer.node('Cast', [result], [output], { to: DTYPES[output.dtype].code });
}
