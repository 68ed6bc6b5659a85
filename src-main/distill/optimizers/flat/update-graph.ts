import type { DType } from '../../../graph/dtype.ts';
import type { NodeWriter } from '../../../graph/onnx/node-writer.ts';
import { writeOnnx, type OnnxGraph } from '../../../graph/onnx/write.ts';
import { anew } from '../../../graph/ops/anew.ts';
import { add, div, less, min, mul, sqrt, where } from '../../../graph/ops/elementwise.ts';
import { cast, concat, reshape, slice } from '../../../graph/ops/layout.ts';
import { expand, sum } from '../../../graph/ops/reduce.ts';
import { Graph, type Value } from '../../../graph/value.ts';
import { gradientOut } from '../../train-graph.ts';
import type { Parameter } from '../update-rule.ts';
import type { Rows } from '../../../nn/weights/rows.ts';
import { sizeOf, type FlatBuffer } from './layout.ts';

/** A trained parameter and the tensors that hold it: itself, or parts of its rows. */
export interface Trained { readonly parameter: Parameter; readonly parts: readonly Rows[] }

/** What the step is told from outside, each a number of the graph's inputs. */
export type Scalars = Readonly<Record<string, number>>;

/** Whether all gradients are numbers; if not, everything stays what it was. */
export interface Guard {
  isSound: Value;
  /** `whole` in a sound step, else `otherwise`. */
  choose(whole: Value | number, otherwise: number): Value;
}

/** What a rule makes of one group of buffers: the new contents by the names of the old. */
export interface GroupUpdate { weights: readonly Value[]; state: Readonly<Record<string, Value>> }

/** Tensors that a rule updates with the same operators. */
export interface Group {
  readonly buffers: readonly FlatBuffer[];
  /** What is kept for them, zero at first. */
  readonly state: readonly FlatBuffer[];
  /**
   * @param gradients  of the buffers, [length] each, scaled, zeros in a step that is not sound
   * @param weights    of the buffers, [length] each
   * @param state      by the buffer's name, [length] each
   */
  update(gradients: readonly Value[], weights: readonly Value[], state: (name: string) => Value, guard: Guard): GroupUpdate;
}

/** How weights follow from gradients, said in values. What `update-rule.ts` does in place on the CPU. */
export interface FlatRule {
  groups(trained: readonly Trained[]): readonly Group[];
  /** What changes from step to step. @param step  number of the update, from 1 */
  scalars(step: number, learningRate: number): Scalars;
}

export interface UpdateSpec {
  /** Type of the weights that the train graph reads. */
  copies: Extract<DType, 'float32' | 'float16' | 'bfloat16'>;
  dialect: NodeWriter['dialect'];
}

/**
 * A step of an optimizer as a graph. No node reads and writes the same buffer last, so outputs may be given the inputs' memory.
 *
 * Inputs: `gradientOut(NAME)` of every tensor, `oldOf(BUFFER)` of every buffer, `lossScale` [] (what the loss, and so every
 * gradient, has been multiplied with), `clipNorm` [] (0 for none) and the rule's scalars, [] each.
 * Outputs: `newOf(BUFFER)` of every buffer, `copyOf(NAME)` of every tensor's weights, `norm` [] (the gradients' global norm
 * before it is clipped) and `skipped` [] (1 where a gradient was no number and nothing has changed, else 0).
 */
export interface UpdateGraph {
  readonly onnx: OnnxGraph;
  /** Of weights. */
  readonly weights: readonly FlatBuffer[];
  /** Of state, whose tensors have the names of a saved state, `<tensor>.<region>`. */
  readonly state: readonly FlatBuffer[];
}

export const oldOf = (buffer: string): string => `old ${buffer}`;
export const newOf = (buffer: string): string => `new ${buffer}`;
export const copyOf = (tensor: string): string => `weight: ${tensor}`;

/** Norms above it are no numbers. Compared, not tested by arithmetic, which a shader's compiler may simplify away. */
const LARGEST = 3e38;

export function updateGraph(trained: readonly Trained[], rule: FlatRule, spec: UpdateSpec): UpdateGraph {
  const { outputs, ...buffers } = traceUpdate(trained, rule, spec);
  return { onnx: writeOnnx(outputs, { weights: 'inputs', dialect: spec.dialect }), ...buffers };
}

/** The same before it is written. */
export function traceUpdate(trained: readonly Trained[], rule: FlatRule, { copies }: Pick<UpdateSpec, 'copies'>): Omit<UpdateGraph, 'onnx'> & { outputs: Record<string, Value> } {
  const graph = new Graph();
  const groups = rule.groups(trained);
  const buffers = groups.flatMap((group) => group.buffers);
  const lossScale = graph.input('lossScale', 'float32', []);
  const norm = div(sqrt(buffers.map((buffer) => sumOfSquares(gradientsOf(graph, buffer, 'norm'))).reduce((a, b) => add(a, b))), lossScale);
  const isSound = less(norm, LARGEST);
  const clipNorm = graph.input('clipNorm', 'float32', []);
  const clip = where(less(graph.scalar(0), clipNorm), min(div(clipNorm, add(norm, 1e-6)), 1), 1);
  const scale = div(clip, lossScale);
  const guard: Guard = { isSound, choose: (whole, otherwise) => where(isSound, whole, otherwise) };
  const outputs: Record<string, Value> = { norm, skipped: where(isSound, 0, 1) };
  const old = ({ name, length }: FlatBuffer): Value => graph.input(oldOf(name), 'float32', [length]);

  for (const group of groups) {
    const gradients = group.buffers.map((buffer) => guard.choose(mul(gradientsOf(graph, buffer, 'update'), scale), 0));
    const stateOf = (name: string): Value => old(group.state.find((buffer) => buffer.name === name)!);
    const { weights, state } = group.update(gradients, group.buffers.map(old), stateOf, guard);
    for (const [name, value] of Object.entries(state)) outputs[newOf(name)] = value;
    group.buffers.forEach(({ name, places }, at) => {
      outputs[newOf(name)] = weights[at]!;
      for (const place of places) {
        outputs[copyOf(place.name)] = cast(reshape(slice(weights[at]!, 0, place.offset, place.offset + sizeOf(place)), place.shape), copies);
      }
    });
  }
  return { outputs, weights: buffers, state: groups.flatMap((group) => group.state) };
}

/** Gradients as their weights lie. Joined anew for each use: to hold them from the norm to the update would take as much memory as they do. */
function gradientsOf(graph: Graph, { places, length }: FlatBuffer, use: string): Value {
  const parts = places.map((place) => reshape(anew(graph.input(gradientOut(place.name), 'float32', place.shape), use), [sizeOf(place)]));
  const used = places.reduce((total, place) => total + sizeOf(place), 0);
  return concat(used === length ? parts : [...parts, expand(graph.constant('float32', [1], Float32Array.of(0)), [length - used])], 0);
}

/** Numbers that are summed one after the other. */
const ROW = 1024;

/** In stages, so that no running sum grows large beside what is added to it. */
export function sumOfSquares(x: Value): Value {
  let sums = mul(x, x);
  for (;;) {
    const [length] = sums.shape as [number];
    if (length <= ROW) return sum(sums);
    const whole = Math.floor(length / ROW) * ROW;
    const rows = sum(reshape(slice(sums, 0, 0, whole), [whole / ROW, ROW]), [-1]);
    sums = whole === length ? rows : concat([rows, slice(sums, 0, whole, length)], 0);
  }
}
