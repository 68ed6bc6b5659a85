import { writeOnnx } from '../../../graph/onnx/write.ts';
import { neg } from '../../../graph/ops/elementwise.ts';
import { Graph } from '../../../graph/value.ts';
import { returnFreed } from '../../memory/return-freed.ts';
import { float32 } from '../../tensor.ts';
import { CNames } from './c-memory.ts';
import type { OrtRuntime } from './runtime.ts';
import { createSession } from './session.ts';

const NAMES = [{ name: 'x' }, { name: 'y' }];

/** Gives what the arena holds and nobody uses back to the system. ONNX Runtime does so at the end of a run alone: here of the smallest. */
export function shrinkArena(runtime: OrtRuntime): void {
  const { api } = runtime;
  const graph = writeOnnx({ y: neg(new Graph().input('x', 'float32', [1])) }, { weights: 'inputs' });
  const names = new CNames(NAMES.map(({ name }) => name));
  const tensors = NAMES.map(() => float32(new Float32Array(1), [1]));
  const session = createSession(runtime, graph, {}, { device: 'cpu', threads: 1 });
  const [x, y] = tensors.map((tensor) => runtime.value(tensor)) as [bigint, bigint];
  try {
    runtime.check(api.Run(session, runtime.thenShrink, names.pointersTo(NAMES.slice(0, 1)), BigUint64Array.of(x), 1, names.pointersTo(NAMES.slice(1)), 1, BigUint64Array.of(y)));
  } finally {
    [x, y].forEach((value) => api.ReleaseValue(value));
    api.ReleaseSession(session);
  }
  returnFreed();
}
