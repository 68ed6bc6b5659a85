import type { Bucket } from '../distill/bucket.ts';
import { hiddenStates } from '../distill/hidden-graph.ts';
import { planRun, type RunPlan, type WriteOptions } from '../graph/onnx/write.ts';
import { Graph } from '../graph/value.ts';
import type { Decoder } from '../nn/decoder.ts';

/** What a model runs while it reads a micro-batch and learns nothing. */
export const judgingPlan = (decoder: Decoder, bucket: Bucket, dialect: NonNullable<WriteOptions['dialect']>): RunPlan => (
  planRun({ hidden: hiddenStates(new Graph(), decoder, bucket) }, { weights: 'inputs', dialect }));
