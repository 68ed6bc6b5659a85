import { ARENA } from './arena.ts';
import type { Bucket } from '../distill/bucket.ts';
import { hiddenStates } from '../distill/hidden-graph.ts';
import { planRun } from '../graph/onnx/write.ts';
import { workingBytes } from '../graph/onnx/working-memory.ts';
import { Graph } from '../graph/value.ts';
import type { Decoder } from '../nn/decoder.ts';

/** What a model takes beside its weights while it reads a micro-batch and learns nothing; with the number of its graph's nodes. */
export function judgingBytes(decoder: Decoder, bucket: Bucket): { judging: number; nodes: number } {
  const plan = planRun({ hidden: hiddenStates(new Graph(), decoder, bucket) }, { weights: 'inputs' });
  return { judging: Math.round(ARENA * workingBytes(plan)), nodes: plan.nodes.length };
}
