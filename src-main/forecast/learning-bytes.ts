import type { Bucket } from '../distill/bucket.ts';
import { traceTraining, type TrainGraphSpec } from '../distill/train-graph.ts';
import { DTYPES } from '../graph/dtype.ts';
import { planRun, type Port, type RunPlan } from '../graph/onnx/write.ts';
import { sizeOf } from '../graph/shape.ts';
import type { ParameterSpec } from '../nn/build.ts';
import type { Decoder } from '../nn/decoder.ts';

/** What one micro-batch takes while it is learned from. */
export interface LearningBytes {
  /** What is run for it. */
  plan: RunPlan;
  /** Bytes that are given to the graph and that it gives, as `leavesNothing` asks for them. */
  given: number;
  results: number;
}

/** @param trained  as they lie in memory */
export function learningBytes(decoder: Decoder, trained: readonly ParameterSpec[], bucket: Bucket, spec: TrainGraphSpec): LearningBytes {
  const { outputs } = traceTraining(decoder, trained, bucket, spec);
  const plan = planRun(outputs, { weights: 'inputs', dialect: spec.dialect });
  const bytesOf = (values: readonly Pick<Port, 'dtype' | 'shape'>[]): number => values.reduce((sum, { dtype, shape }) => sum + DTYPES[dtype].bytes * sizeOf(shape), 0);
  return { plan, given: bytesOf(plan.given), results: bytesOf(Object.values(outputs)) };
}
