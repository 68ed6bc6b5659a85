import type { Tensor } from '../runtime/tensor.ts';
import { float32 } from '../runtime/tensor.ts';
import type { Choice } from './decode-graph.ts';
import { argMax, draw, type LogitsProcessor } from './processors.ts';
import type { Sampling } from './sampling.ts';

/** A text in the batch: whose it is, and all that the decoder has had of it. */
export interface Row { prompt: number; tokens: readonly number[] }

export interface Chooser {
  inputs(rows: readonly Row[], step: number): Record<string, Tensor>;
  tokens(outputs: Readonly<Record<string, Tensor>>, rows: readonly Row[], step: number): ArrayLike<number>;
}

/** What a decode graph has to give for a way of choosing: tokens where nothing changes the logits first. */
export function choiceOf({ strategy, processors }: Sampling): Choice {
  return strategy === 'beam' || (processors && processors.length > 0) ? 'logits' : strategy;
}

/** Brings what a decode graph of `choiceOf` needs and reads what it gives. */
export function chooser(sampling: Exclude<Sampling, { strategy: 'beam' }>): Chooser {
  const { processors = [] } = sampling;
  if (processors.length > 0) return outside(sampling, processors);
  const tokens: Chooser['tokens'] = (outputs) => outputs['next']!.data as Int32Array;
  if (sampling.strategy === 'greedy') return { inputs: () => ({}), tokens };
  const temperature = float32(Float32Array.of(sampling.temperature), []);
  return {
    inputs: (rows, step) => ({
      temperature,
      uniform: float32(Float32Array.from(rows, ({ prompt }) => sampling.uniform(prompt, step)), [rows.length, 1]),
    }),
    tokens,
  };
}

/** Chooses from logits that processors have changed, which no graph knows. */
function outside(sampling: Exclude<Sampling, { strategy: 'beam' }>, processors: readonly LogitsProcessor[]): Chooser {
  return {
    inputs: () => ({}),
    tokens: (outputs, rows, step) => rowsOf(outputs['logits']!).map((logits, at) => {
      const { tokens, prompt } = rows[at]!;
      if (sampling.strategy === 'sample') for (let id = 0; id < logits.length; id++) logits[id] = logits[id]! / sampling.temperature;
      for (const process of processors) process(logits, tokens);
      return sampling.strategy === 'greedy' ? argMax(logits) : draw(logits, sampling.uniform(prompt, step));
    }),
  };
}

/** The rows of logits [batch, vocabulary], as views. */
export function rowsOf({ data, shape }: Tensor): Float32Array[] {
  const [count, width] = shape as [number, number];
  return Array.from({ length: count }, (_, row) => (data as Float32Array).subarray(row * width, (row + 1) * width));
}
