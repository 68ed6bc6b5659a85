import { gelu, silu } from '../../src-main/graph/ops/activation.ts';
import * as elementwise from '../../src-main/graph/ops/elementwise.ts';
import { gatherRows } from '../../src-main/graph/ops/gather.ts';
import { concat, padLast, reshape, slice, split, transpose } from '../../src-main/graph/ops/layout.ts';
import { matmul } from '../../src-main/graph/ops/matmul.ts';
import { layerNorm, rmsNorm } from '../../src-main/graph/ops/norm.ts';
import { expand, sum } from '../../src-main/graph/ops/reduce.ts';
import { rotary } from '../../src-main/graph/ops/rotary.ts';
import { logSoftmax, softmax, softmaxBeside } from '../../src-main/graph/ops/softmax.ts';
import { straightThrough } from '../../src-main/graph/ops/straight-through.ts';
import { gradients } from '../../src-main/graph/gradient.ts';
import { Graph, type Value } from '../../src-main/graph/value.ts';
import { FullAttention } from '../../src-main/nn/attention/full.ts';
import type { Tensor } from '../../src-main/runtime/tensor.ts';
import { noise } from './run-graph.ts';

/** A small computation of one or a few operators, differentiable in all of its inputs. */
export interface OperatorCase {
  name: string;
  shapes: readonly (readonly number[])[];
  make(inputs: Value[], graph: Graph): Value;
  /** Moves the noise into the operator's domain. */
  domain?: (x: number) => number;
}

const { add, sub, mul, div, max, min, where, less } = elementwise;
const positive = (x: number): number => Math.abs(x) + 0.5;
const ints = (graph: Graph, ...ids: number[]): Value => graph.constant('int32', [ids.length], Int32Array.from(ids));

export const OPERATOR_CASES: readonly OperatorCase[] = [
  { name: 'add, broadcast over rows', shapes: [[3, 4], [4]], make: ([a, b]) => add(a!, b!) },
  { name: 'sub, broadcast over columns', shapes: [[3, 4], [3, 1]], make: ([a, b]) => sub(a!, b!) },
  { name: 'mul, both broadcast', shapes: [[3, 1], [1, 4]], make: ([a, b]) => mul(a!, b!) },
  { name: 'div', shapes: [[3, 4], [3, 4]], make: ([a, b]) => div(a!, b!), domain: positive },
  { name: 'max and min', shapes: [[3, 4], [3, 4]], make: ([a, b]) => mul(max(a!, b!), min(a!, 0.1)) },
  { name: 'where', shapes: [[3, 4], [4]], make: ([a, b]) => where(less(a!, 0), a!, mul(b!, b!)) },
  ...(['neg', 'exp', 'sigmoid', 'softplus', 'tanh', 'erf', 'relu', 'abs'] as const)
    .map((name): OperatorCase => ({ name, shapes: [[3, 4]], make: ([x]) => elementwise[name](x!) })),
  ...(['log', 'sqrt', 'reciprocal'] as const)
    .map((name): OperatorCase => ({ name, shapes: [[3, 4]], make: ([x]) => elementwise[name](x!), domain: positive })),
  { name: 'silu', shapes: [[3, 4]], make: ([x]) => silu(x!) },
  { name: 'gelu', shapes: [[3, 4]], make: ([x]) => gelu(x!, 'none') },
  { name: 'gelu by tanh', shapes: [[3, 4]], make: ([x]) => gelu(x!, 'tanh') },
  { name: 'sum over an axis', shapes: [[2, 3, 4]], make: ([x]) => mul(sum(x!, [1]), sum(x!, [1])) },
  { name: 'sum that keeps axes', shapes: [[2, 3, 4]], make: ([x]) => mul(x!, sum(x!, [0, 2], true)) },
  { name: 'expand', shapes: [[3, 1]], make: ([x]) => expand(x!, [2, 3, 4]) },
  { name: 'reshape and transpose', shapes: [[2, 3, 4]], make: ([x]) => transpose(reshape(x!, [2, 3, 2, 2]), [3, 0, 2, 1]) },
  { name: 'concat', shapes: [[2, 3], [2, 2]], make: ([a, b]) => concat([a!, b!, a!], 1) },
  { name: 'split, one piece unused', shapes: [[2, 6]], make: ([x]) => { const [a, , c] = split(x!, 1, [2, 1, 3]); return mul(a!, sum(c!)); } },
  { name: 'slice', shapes: [[4, 5]], make: ([x]) => slice(x!, 1, 1, 4) },
  { name: 'padLast', shapes: [[2, 3]], make: ([x]) => padLast(x!, 5) },
  { name: 'gatherRows with an id twice', shapes: [[5, 3]], make: ([x], g) => gatherRows(x!, ints(g, 1, 4, 1)) },
  { name: 'softmax beside another number', shapes: [[2, 3, 4], [3, 1]], make: ([x, other]) => softmaxBeside(x!, other!) },
  { name: 'straightThrough, where rounding does nothing', shapes: [[3, 4]], make: ([x]) => { const y = mul(x!, x!); return mul(straightThrough(y, y), y); } },
  { name: 'softmax', shapes: [[3, 5]], make: ([x]) => softmax(x!) },
  { name: 'logSoftmax', shapes: [[3, 5]], make: ([x]) => logSoftmax(x!) },
  { name: 'rmsNorm', shapes: [[3, 5], [5]], make: ([x, w]) => rmsNorm(x!, w!, 1e-5) },
  { name: 'layerNorm', shapes: [[3, 5], [5], [5]], make: ([x, w, b]) => layerNorm(x!, w!, b!, 1e-5) },
  { name: 'rotary', shapes: [[2, 3, 8]], make: ([x], g) => rotary(x!, g.constant('int64', [1], BigInt64Array.of(0n)),
    g.constant('float32', [3, 2], Float32Array.from([1, 0.9, 0.5, 0.3, -0.2, 0.1])),
    g.constant('float32', [3, 2], Float32Array.from([0, 0.4, 0.8, 0.9, 0.9, -0.9])), 2) },
  ...(['halves', 'neighbours'] as const).map((pairing): OperatorCase => ({ name: `rotary of a part of each head, by ${pairing}`, shapes: [[2, 3, 12]],
    make: ([x], g) => rotary(x!, g.constant('int64', [1], BigInt64Array.of(0n)),
      g.constant('float32', [3, 2], Float32Array.from([1, 0.9, 0.5, 0.3, -0.2, 0.1])),
      g.constant('float32', [3, 2], Float32Array.from([0, 0.4, 0.8, 0.9, 0.9, -0.9])), 2, pairing) })),
  ...([[false, false], [true, false], [false, true], [true, true]] as const).map(([transA, transB]): OperatorCase => ({
    name: `matmul, batched${transA ? ', a transposed' : ''}${transB ? ', b transposed' : ''}`,
    shapes: [transA ? [2, 4, 3] : [2, 3, 4], transB ? [5, 4] : [4, 5]].map((shape, at) => (at === 1 && transA ? [2, ...shape] : shape)),
    make: ([a, b]) => matmul(a!, b!, { transA, transB, alpha: 0.7 }),
  })),
  { name: 'matmul of matrices', shapes: [[3, 4], [4, 5]], make: ([a, b]) => matmul(a!, b!) },
  { name: 'attention with grouped heads and a window', shapes: [[2, 5, 8], [2, 5, 4], [2, 5, 4]],
    make: ([query, key, value], g) => new FullAttention(g, 5).attend({
      layer: 0, query: query!, key: key!, value: value!, heads: 4, kvHeads: 2, headDim: 2, scale: 0.8, window: 3, rope: null, softCap: null, bias: null,
    }) },
  { name: 'looking back, further than the text begins', shapes: [[2, 3, 4]],
    make: ([x], g) => new FullAttention(g, 3).lookBack({ layer: 0, x: x!, reach: 4 }).map((states, at) => mul(states, mul(x!, at + 1))).reduce((sum, states) => add(sum, states)) },
  { name: 'attention with bent scores', shapes: [[2, 4, 8], [2, 4, 4], [2, 4, 4]],
    make: ([query, key, value], g) => new FullAttention(g, 4).attend({
      layer: 0, query: query!, key: key!, value: value!, heads: 4, kvHeads: 2, headDim: 2, scale: 1.2, window: null, rope: null, softCap: 0.7, bias: null,
    }) },
  { name: 'attention with sinks', shapes: [[2, 4, 8], [2, 4, 4], [2, 4, 4], [4]],
    make: ([query, key, value, sinks], g) => new FullAttention(g, 4).attend({
      layer: 0, query: query!, key: key!, value: value!, heads: 4, kvHeads: 2, headDim: 2, scale: 1.2, window: 3, rope: null, softCap: null, bias: null, sinks: sinks!,
    }) },
];

/** A case as a graph: its loss, of random weights on the result's elements, so that no error hides in a sum, the gradients of its inputs `g0` and on, and what to feed. */
export function differentiated({ shapes, make, domain = (x) => x }: OperatorCase): { loss: Value; outputs: Record<string, Value>; feeds: Record<string, Tensor> } {
  const graph = new Graph();
  const inputs = shapes.map((shape, at) => graph.input(`x${at}`, 'float32', shape));
  const result = make(inputs, graph);
  const weights = noise(result.shape.map(Number), 99);
  const loss = sum(elementwise.mul(result, graph.constant('float32', weights.shape, weights.data as Float32Array)));
  const found = gradients(new Map([[loss, graph.scalar(1)]]), inputs);
  return {
    loss,
    outputs: Object.fromEntries([['loss', loss], ...found.map((gradient, at) => [`g${at}`, gradient] as const)]),
    feeds: Object.fromEntries(shapes.map((shape, at) => [`x${at}`, inDomain(noise(shape, at), domain)])),
  };
}

function inDomain(tensor: Tensor, domain: (x: number) => number): Tensor {
  return { ...tensor, data: (tensor.data as Float32Array).map(domain) };
}
