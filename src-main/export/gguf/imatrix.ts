import { writeOnnx } from '../../graph/onnx/write.ts';
import { mul } from '../../graph/ops/elementwise.ts';
import { reshape } from '../../graph/ops/layout.ts';
import { sum } from '../../graph/ops/reduce.ts';
import { sizeOf, staticDim } from '../../graph/shape.ts';
import { Graph, type Value } from '../../graph/value.ts';
import { FullAttention } from '../../nn/attention/full.ts';
import { buildDecoder, IN_MEMORY } from '../../nn/build.ts';
import type { ModelConfig } from '../../nn/config.ts';
import type { Executor } from '../../runtime/program.ts';
import { int32 } from '../../runtime/tensor.ts';
import { asInputs, type Weights } from '../../runtime/weights.ts';
import type { TensorToMake } from './tensor-to-make.ts';

/** How much each column of a tensor's rows matters: the mean square of what is multiplied with it. By the tensor's name in the file. */
export type Imatrix = ReadonlyMap<string, Float32Array>;

/** Before the name of a weight, whose input's squares an output of the graph is. */
const OUTPUT = 'squares of ';

/** Tokens that are read at once; texts are joined and cut, as llama-imatrix does. */
const CHUNK = 256;

/**
 * The importance matrix of a decoder over texts, measured by a forward pass of its own weights. As llama.cpp's: the output layer has none.
 * @param texts  token ids of each
 */
export async function measureImatrix(
  config: ModelConfig, executor: Executor, weights: Weights, texts: readonly Int32Array[], tensors: readonly TensorToMake[], signal: AbortSignal,
): Promise<Imatrix> {
  const stream = Int32Array.from(texts.flatMap((text) => [...text]));
  const length = Math.min(CHUNK, stream.length, 'contextLength' in config ? config.contextLength : CHUNK);
  const squares = new Map<string, Value>();
  const decoder = buildDecoder(config, {
    ...IN_MEMORY,
    multiply(x, matrix) {
      const width = staticDim(x.shape, -1);
      squares.set(OUTPUT + matrix.name, sum(reshape(mul(x, x), [sizeOf(x.shape) / width, width]), [0]));
      return IN_MEMORY.multiply(x, matrix);
    },
  });
  const graph = new Graph();
  decoder.hidden(graph.input('ids', 'int32', [1, length]), new FullAttention(graph, length));
  const program = await executor.compile(writeOnnx(Object.fromEntries(squares), { weights: 'inputs' }), { optimize: 'none' });
  const sums = new Map<string, Float64Array>();
  let tokens = 0;
  try {
    for (let from = 0; from + length <= stream.length; from += length) {
      signal.throwIfAborted();
      const outputs = await program.run({ ids: int32(stream.slice(from, from + length), [1, length]), ...asInputs(weights, program.graph.parameters) });
      for (const [name, { data }] of Object.entries(outputs)) addTo(sums, name, data as Float32Array);
      tokens += length;
    }
  } finally {
    await program.release();
  }
  return new Map(tensors.flatMap(({ name, target }): [string, Float32Array][] => {
    const total = sums.get(OUTPUT + name);
    return total ? [[target, Float32Array.from(total, (value) => value / tokens)]] : [];
  }));
}

function addTo(sums: Map<string, Float64Array>, name: string, values: Float32Array): void {
  const total = sums.get(name) ?? new Float64Array(values.length);
  values.forEach((value, at) => { total[at]! += value; });
  sums.set(name, total);
}
