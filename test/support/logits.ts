import type { MicroBatch } from '../../src-main/distill/batch.ts';
import type { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { writeOnnx } from '../../src-main/graph/onnx/write.ts';
import { Graph } from '../../src-main/graph/value.ts';
import { asInputs } from '../../src-main/runtime/weights.ts';

/** A model's logits at the positions of a batch, row after row of the vocabulary. */
export async function logitsAt(model: FrozenModel, batch: MicroBatch): Promise<Float32Array> {
  const { decoder, executor } = model;
  const hidden = new Graph().input('hidden', 'float32', ['positions', decoder.hiddenSize]);
  const head = await executor.compile(writeOnnx({ logits: decoder.logits(hidden) }, { weights: 'inputs' }));
  try {
    const { logits } = await head.run({ hidden: await model.hidden(batch), ...asInputs(model.weights, head.graph.parameters) });
    return logits!.data as Float32Array;
  } finally {
    await head.release();
  }
}
