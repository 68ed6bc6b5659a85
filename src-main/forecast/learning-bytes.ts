import type { Bucket } from '../distill/bucket.ts';
import { traceTraining, type TrainGraphSpec } from '../distill/train-graph.ts';
import { planRun } from '../graph/onnx/write.ts';
import { workingBytes } from '../graph/onnx/working-memory.ts';
import type { ParameterSpec } from '../nn/build.ts';
import type { Decoder } from '../nn/decoder.ts';

/** What the arena takes beyond the tensors in it: it hands out blocks, which seldom fit to the byte. Measured with models of 2M to 360M. */
const ARENA = 1.15;

/**
 * What one micro-batch takes while it is learned from: all that lies between the inputs of its graph and its outputs, by
 * the order in which ONNX Runtime computes. @param trained  as they lie in memory. @returns with the number of the graph's nodes
 */
export function learningBytes(decoder: Decoder, trained: readonly ParameterSpec[], bucket: Bucket, spec: TrainGraphSpec): { activations: number; nodes: number } {
  const plan = planRun(traceTraining(decoder, trained, bucket, spec).outputs, { weights: 'inputs', dialect: spec.dialect });
  return { activations: Math.round(ARENA * workingBytes(plan)), nodes: plan.nodes.length };
}
