import { accumulate, takeApart } from '../graph/accumulate.ts';
import { gradients } from '../graph/gradient.ts';
import type { NodeWriter } from '../graph/onnx/node-writer.ts';
import { writeOnnx, type OnnxGraph } from '../graph/onnx/write.ts';
import { recomputed } from '../graph/recompute.ts';
import { concat } from '../graph/ops/layout.ts';
import { withHalfProducts, type MixedPrecision } from '../graph/precision.ts';
import { Graph, type Value } from '../graph/value.ts';
import type { ParameterSpec } from '../nn/build.ts';
import type { Decoder } from '../nn/decoder.ts';
import type { Bucket } from './bucket.ts';
import { givenSide, type Head } from './head.ts';
import { hiddenStates } from './hidden-graph.ts';
import { tokenLoss, type TokenLossSpec } from './token-loss.ts';

export interface TrainGraphSpec extends TokenLossSpec {
  /** What makes logits of the teacher's hidden states; null for a loss without a teacher. */
  teacher: Head['decoder'] | null;
  /** Whether positions have advantages. */
  isPolicyGradient: boolean;
  /** Whether a layer's results in between are computed again in the reverse pass instead of being kept for it. */
  recompute: boolean;
  /**
   * How gradients come out: in `parts`, where what flows back to a table comes as rows; `whole`, each in one tensor, added
   * to what it was; or whole and `alone`, added to nothing. In parts if left out.
   */
  gradients?: 'parts' | 'whole' | 'alone';
  /** How products are computed; in float32 like everything else if left out or null. */
  products?: MixedPrecision | null;
  dialect: NodeWriter['dialect'];
}

/** A step of training as values: what comes out, by name. */
export interface TracedTraining {
  outputs: Readonly<Record<string, Value>>;
  /** Gradients that come out as rows, to be added to a parameter's at the ids beside them. */
  rows: { parameter: string; ids: string; rows: string }[];
  /** Parameters whose dense gradient is an output, and an input as well (so far) unless it comes alone. */
  dense: string[];
}

export interface TrainGraph extends Omit<TracedTraining, 'outputs'> { onnx: OnnxGraph }

export const gradientIn = (parameter: string): string => `so far: ${parameter}`;
/** The input [] that every gradient is multiplied with, where small ones would be lost in float16. */
export const LOSS_SCALE = 'lossScale';
export const gradientOut = (parameter: string): string => `gradient: ${parameter}`;

/**
 * One micro-batch of training as a graph: student forward, divergence against the teacher's hidden states, backward.
 *
 * Inputs: those of `hiddenStates`, targets and weights [positions], with a policy gradient advantages [positions], and
 * with a teacher those of `givenSide`; with products in float16 `LOSS_SCALE`.
 * Outputs: what `TokenLoss` tells, and gradients added to what they were.
 */
export function trainGraph(decoder: Decoder, parameters: readonly ParameterSpec[], bucket: Bucket, spec: TrainGraphSpec): TrainGraph {
  const { outputs, ...traced } = traceTraining(decoder, parameters, bucket, spec);
  return { onnx: writeOnnx(outputs, { weights: 'inputs', dialect: spec.dialect }), ...traced };
}

/** The same before it is written. */
export function traceTraining(decoder: Decoder, parameters: readonly ParameterSpec[], bucket: Bucket, spec: TrainGraphSpec): TracedTraining {
  const graph = new Graph();
  const { positions } = bucket;
  const { loss, policy, told } = tokenLoss({
    student: { hidden: hiddenStates(graph, decoder, bucket, spec.recompute ? recomputed : undefined), logits: decoder.logits, isUnpacked: decoder.unpacksOutput ?? false },
    teacher: spec.teacher && givenSide(graph, 'teacher', spec.teacher, positions),
    targets: graph.input('targets', 'int32', [positions]),
    weights: graph.input('weights', 'float32', [positions]),
    advantages: spec.isPolicyGradient ? graph.input('advantages', 'float32', [positions]) : undefined,
  }, spec);

  const weights = parameters.map(({ name, shape }) => graph.parameter(name, shape));
  const seed = spec.products?.half === 'float16' ? graph.input(LOSS_SCALE, 'float32', []) : graph.scalar(1);
  const flowing = gradients(new Map([loss, ...(policy ? [policy] : [])].map((value) => [value, seed])), weights);
  const outputs: Record<string, Value> = { loss, ...told };
  const rows: TracedTraining['rows'] = [];
  const dense: string[] = [];
  parameters.forEach(({ name, shape }, at) => {
    const { gradients: form = 'parts' } = spec;
    if (form !== 'parts') {
      outputs[gradientOut(name)] = form === 'alone' ? flowing[at]! : accumulate(graph.input(gradientIn(name), 'float32', shape), flowing[at]!);
      dense.push(name);
      return;
    }
    const parts = takeApart(flowing[at]!);
    if (parts.dense) {
      outputs[gradientOut(name)] = accumulate(graph.input(gradientIn(name), 'float32', shape), parts.dense);
      dense.push(name);
    }
    if (parts.rows.length === 0) return;
    const output = { parameter: name, ids: `ids ${rows.length}`, rows: `rows ${rows.length}` };
    outputs[output.ids] = joined(parts.rows.map((part) => part.ids));
    outputs[output.rows] = joined(parts.rows.map((part) => part.rows));
    rows.push(output);
  });
  return { outputs: spec.products ? withHalfProducts(outputs, spec.products) : outputs, rows, dense };
}

/** An encoder and a decoder look up the same table. */
const joined = (parts: readonly Value[]): Value => (parts.length === 1 ? parts[0]! : concat(parts, 0));
