import type { Bucket } from '../distill/bucket.ts';
import { hiddenStates } from '../distill/hidden-graph.ts';
import { planRun } from '../graph/onnx/write.ts';
import { workingBytes } from '../graph/onnx/working-memory.ts';
import { Graph } from '../graph/value.ts';
import type { Decoder } from '../nn/decoder.ts';

/** What a model takes beside its weights while it reads a micro-batch and learns nothing. */
export function judgingBytes(decoder: Decoder, bucket: Bucket): number {
  return workingBytes(planRun({ hidden: hiddenStates(new Graph(), decoder, bucket) }, { weights: 'inputs' }));
}
