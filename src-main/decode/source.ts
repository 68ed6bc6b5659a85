import { writeOnnx, type OnnxGraph, type WriteOptions } from '../graph/onnx/write.ts';
import { Graph, type Value } from '../graph/value.ts';
import { sourceName } from '../nn/attention/cached.ts';
import { MASKED } from '../nn/attention/core.ts';
import { readSource } from '../nn/attention/read-source.ts';
import type { Decoder } from '../nn/decoder.ts';
import type { Program } from '../runtime/program.ts';
import { float32, int32, type Tensor } from '../runtime/tensor.ts';

/**
 * What every layer of a decoder looks at, made once for each prompt.
 *
 * Inputs: source [batch, source] and source_padding [batch, 1, 1, source]. Outputs: each layer's keys and values under
 * `sourceName`, [batch, heads, source, headDim].
 */
export function sourceGraph(decoder: Decoder, weights: WriteOptions['weights'], dialect: WriteOptions['dialect'] = 'onnxruntime'): OnnxGraph {
  const source = readSource(new Graph(), decoder, 'batch', 'source');
  if (!source) throw new Error('a decoder without an encoder has no source');
  const outputs: Record<string, Value> = {};
  for (let layer = 0; layer < decoder.layers; layer++) {
    const { key, value } = source.keysAndValues(layer);
    outputs[sourceName(layer, 'key')] = key;
    outputs[sourceName(layer, 'value')] = value;
  }
  return writeOnnx(outputs, { weights, dialect });
}

/** Prompts as an encoder's input, padded on the right to `length`. */
export function padPrompts(prompts: readonly Int32Array[], length: number): { ids: Tensor; padding: Tensor } {
  const ids = new Int32Array(prompts.length * length);
  const padding = new Float32Array(prompts.length * length).fill(MASKED);
  prompts.forEach((prompt, row) => {
    ids.set(prompt, row * length);
    padding.fill(0, row * length, row * length + prompt.length);
  });
  return { ids: int32(ids, [prompts.length, length]), padding: float32(padding, [prompts.length, 1, 1, length]) };
}

/** What a batch of texts sees of its encoder at every step. */
export class SourceCache {
  private tensors: Record<string, Tensor>;
  /** Which prompt each row looks at: beams of one prompt share what they see, so that most steps copy nothing. */
  private prompts: readonly number[];

  private constructor(tensors: Record<string, Tensor>, rows: number) {
    this.tensors = tensors;
    this.prompts = Array.from({ length: rows }, (_, row) => row);
  }

  /** @param program  of a `sourceGraph` */
  static async read(program: Program, prompts: readonly Int32Array[]): Promise<SourceCache> {
    const { ids, padding } = padPrompts(prompts, Math.max(...prompts.map((prompt) => prompt.length)));
    const outputs = await program.run({ source: ids, source_padding: padding });
    return new SourceCache({ ...outputs, source_padding: padding }, prompts.length);
  }

  inputs(): Readonly<Record<string, Tensor>> {
    return this.tensors;
  }

  /** Goes on with these rows, in this order; a row may come more than once. */
  take(rows: readonly number[]): void {
    const prompts = rows.map((row) => this.prompts[row]!);
    if (prompts.length === this.prompts.length && prompts.every((prompt, at) => prompt === this.prompts[at])) return;
    this.prompts = prompts;
    this.tensors = Object.fromEntries(Object.entries(this.tensors).map(([name, { data, shape: [count, ...rest] }]) => {
      const whole = data as Float32Array;
      const size = whole.length / count!;
      const taken = new Float32Array(rows.length * size);
      rows.forEach((row, at) => taken.set(whole.subarray(row * size, (row + 1) * size), at * size));
      return [name, float32(taken, [rows.length, ...rest])];
    }));
  }
}
