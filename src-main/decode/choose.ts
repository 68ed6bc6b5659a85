import type { Tensor } from '../runtime/tensor.ts';
import { float32 } from '../runtime/tensor.ts';

/** How the next token is chosen. */
export type Sampling =
  | { strategy: 'greedy' }
  | {
    strategy: 'sample';
    temperature: number;
    /** The number in [0, 1) that decides a text's token at a step: a pure function, so that no batch changes it. */
    uniform(prompt: number, step: number): number;
  };

interface Row { prompt: { id: number }; written: readonly number[] }

interface Chooser {
  inputs(rows: readonly Row[], step: number): Record<string, Tensor>;
  tokens(outputs: Readonly<Record<string, Tensor>>, rows: readonly Row[], step: number): ArrayLike<number>;
}

/** Brings what a decode graph of this choice needs and reads what it gives. */
export function chooser(sampling: Sampling): Chooser {
  const tokens: Chooser['tokens'] = (outputs) => outputs['next']!.data as Int32Array;
  if (sampling.strategy === 'greedy') return { inputs: () => ({}), tokens };
  const temperature = float32(Float32Array.of(sampling.temperature), []);
  return {
    inputs: (rows, step) => ({
      temperature,
      uniform: float32(Float32Array.from(rows, (row) => sampling.uniform(row.prompt.id, step)), [rows.length, 1]),
    }),
    tokens,
  };
}
