import { writeOnnx } from '../../../graph/onnx/write.ts';
import { int8Product } from '../../../graph/ops/quantized.ts';
import { Graph } from '../../../graph/value.ts';
import { float32, tensorOf } from '../../tensor.ts';
import { CNames } from './c-memory.ts';
import type { OrtRuntime } from './runtime.ts';
import { createSession } from './session.ts';

const [INPUTS, OUTPUTS] = [64, 16];
const LARGEST = 127;

/**
 * Whether this processor multiplies signed bytes exactly: one row and several at the end of their range, where two
 * products of bytes are more than 16 bits hold.
 */
export function addsSignedBytes(runtime: OrtRuntime): boolean {
  return [1, 8].every((rows) => product(runtime, rows).every((value) => Math.abs(value - INPUTS * LARGEST) < 1));
}

/** Ones times a matrix of the largest byte. */
function product(runtime: OrtRuntime, rows: number): Float32Array {
  const { api } = runtime;
  const graph = new Graph();
  const y = int8Product(graph.input('x', 'float32', [rows, INPUTS]), graph.input('w', 'int8', [INPUTS, OUTPUTS]), graph.input('scales', 'float32', [OUTPUTS]));
  const session = createSession(runtime, writeOnnx({ y }, { weights: 'inputs' }), {}, { device: 'cpu', threads: 1 });
  const into = new Float32Array(rows * OUTPUTS);
  const tensors = {
    x: float32(new Float32Array(rows * INPUTS).fill(1), [rows, INPUTS]),
    w: tensorOf('int8', [INPUTS, OUTPUTS], new Uint8Array(INPUTS * OUTPUTS).fill(LARGEST)),
    scales: float32(new Float32Array(OUTPUTS).fill(1), [OUTPUTS]),
    y: float32(into, [rows, OUTPUTS]),
  };
  const values = Object.values(tensors).map((tensor) => runtime.value(tensor));
  const ports = Object.keys(tensors).map((name) => ({ name }));
  const names = new CNames(ports.map(({ name }) => name));
  try {
    runtime.check(api.Run(session, null, names.pointersTo(ports.slice(0, 3)), BigUint64Array.from(values.slice(0, 3)), 3, names.pointersTo(ports.slice(3)), 1, BigUint64Array.from(values.slice(3))));
    return into;
  } finally {
    values.forEach((value) => api.ReleaseValue(value));
    api.ReleaseSession(session);
  }
}
