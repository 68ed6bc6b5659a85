import type { Tensor } from '../runtime/tensor.ts';
import { float32 } from '../runtime/tensor.ts';
import type { Choice } from './decode-graph.ts';
import { argMax, draw, softmax } from './processors.ts';
import type { Sampling, TokenSampling } from './sampling.ts';

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
export function chooser(sampling: TokenSampling): Chooser {
  if (choiceOf(sampling) === 'logits') return outside(sampling);
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
function outside(sampling: TokenSampling): Chooser {
  return {
    inputs: () => ({}),
    tokens: (outputs, rows, step) => rowsOf(outputs['logits']!).map((logits, at) => {
      const { tokens, prompt } = rows[at]!;
      change(logits, tokens, sampling);
      return sampling.strategy === 'greedy' ? argMax(logits) : draw(softmax(logits), sampling.uniform(prompt, step));
    }),
  };
}

/** The probabilities [vocabulary] that a token is chosen by: of greedy decoding all on one. Changes the logits in place. */
export function probabilitiesOf(logits: Float32Array, tokens: readonly number[], sampling: TokenSampling): Float64Array {
  change(logits, tokens, sampling);
  return sampling.strategy === 'greedy' ? new Float64Array(logits.length).fill(1, argMax(logits), argMax(logits) + 1) : softmax(logits);
}

function change(logits: Float32Array, tokens: readonly number[], sampling: TokenSampling): void {
  if (sampling.strategy === 'sample') for (let id = 0; id < logits.length; id++) logits[id] = logits[id]! / sampling.temperature;
  for (const process of sampling.processors ?? []) process(logits, tokens);
}

/** The rows of logits [batch, vocabulary], as views. */
export function rowsOf({ data, shape }: Tensor): Float32Array[] {
  const [count, width] = shape as [number, number];
  return Array.from({ length: count }, (_, row) => (data as Float32Array).subarray(row * width, (row + 1) * width));
}
