import { rowsOf, type Rows } from '../../nn/weights/rows.ts';
import type { DeviceMemory, DeviceTensor } from '../../runtime/device/device-memory.ts';
import type { Bound, BoundInputs, BoundOutputs, Executor, Program } from '../../runtime/program.ts';
import { float32, type Tensor } from '../../runtime/tensor.ts';
import { sizeOf, type FlatBuffer } from '../optimizers/flat/layout.ts';
import { copyOf, newOf, oldOf, updateGraph, type FlatRule, type Trained, type UpdateGraph } from '../optimizers/flat/update-graph.ts';
import { checkState, type OptimizerLimits, type StateTensor } from '../optimizers/optimizer.ts';
import type { Parameter } from '../optimizers/update-rule.ts';
import { gradientOut } from '../train-graph.ts';

type DeviceTensors = Readonly<Record<string, DeviceTensor>>;

/** What an update does to weights, and how it was measured. */
interface Step { step: number; learningRate: number }

/**
 * Trained weights, their gradients and the optimizer's state in a device's memory: there they are measured, clipped and
 * updated in place by a graph. What `Optimizer` is on the host; everything starts at zero.
 */
export class DeviceOptimizer {
  readonly tensors: readonly Rows[];
  readonly memory: DeviceMemory;
  /** As train graphs read them, by the tensor's name. */
  readonly weights: DeviceTensors;
  private readonly rule: FlatRule;
  private readonly graph: UpdateGraph;
  private readonly program: Program;
  private readonly buffers: DeviceTensors;
  /** Two, because a run on a device cannot read and write one in the same operator; the second is made when it is needed. */
  private readonly sets: DeviceTensors[] = [];
  /** Which set holds the gradients so far; null where there are none. */
  private current: number | null = null;
  private readonly scalars: Record<string, Tensor> = { lossScale: float32(Float32Array.of(1), []) };
  private readonly norm = float32(new Float32Array(1), []);
  private readonly skipped = float32(new Float32Array(1), []);
  /** Updates that read the one and the other set. */
  private readonly updates = new Map<number, Bound>();

  private constructor(tensors: readonly Rows[], memory: DeviceMemory, rule: FlatRule, graph: UpdateGraph, program: Program) {
    this.tensors = tensors;
    this.memory = memory;
    this.rule = rule;
    this.graph = graph;
    this.program = program;
    this.buffers = Object.fromEntries([...graph.weights, ...graph.state].map(({ name, length }) => [name, memory.make('float32', [length])]));
    this.weights = this.makeSet();
  }

  /** @throws Problem where the device has no room. @param clipNorm  as in a recipe; 0 for none */
  static async open(executor: Executor, parameters: readonly Parameter[], rule: FlatRule, clipNorm: number, limits: OptimizerLimits = {}): Promise<DeviceOptimizer> {
    const { memory, dialect } = executor;
    if (!memory) throw new Error('the executor has no memory of its own');
    const trained = parameters.map((parameter): Trained => ({ parameter, parts: rowsOf(parameter, limits.elements) }));
    const graph = updateGraph(trained, rule, { clipNorm, copies: 'float32', dialect });
    return new DeviceOptimizer(trained.flatMap(({ parts }) => parts), memory, rule, graph, await executor.compile(graph.onnx, { optimize: 'none' }));
  }

  /** Sets the weights. @param fill  writes each tensor of `tensors` into the memory that it is given for its name */
  async load(fill: (into: (name: string) => Float32Array) => Promise<void>): Promise<void> {
    const staged = new Map(this.graph.weights.map((buffer) => [buffer, new Float32Array(buffer.length)]));
    const views = new Map([...staged].flatMap(([{ places }, data]) => places.map((place) => [place.name, data.subarray(place.offset, place.offset + sizeOf(place))])));
    await fill((name) => views.get(name)!);
    for (const [{ name }, data] of staged) this.memory.write(this.buffers[name]!, data);
    for (const [name, data] of views) this.memory.write(this.weights[name]!, data);
  }

  /** A tensor's weights as they are now, in memory of the host. */
  read(name: string): Float32Array {
    return this.memory.read(this.weights[name]!).data as Float32Array;
  }

  /** Where a train graph finds the gradients so far, null at first, and where it leaves them with its own. */
  gradients(): { soFar: DeviceTensors | null; into: DeviceTensors } {
    const next = this.current === 0 ? 1 : 0;
    this.sets[next] ??= this.makeSet();
    return { soFar: this.current === null ? null : this.sets[this.current]!, into: this.sets[next] };
  }

  /** Takes note that gradients have been added to those so far, into the place that `gradients` gave. */
  added(): void {
    this.current = this.current === 0 ? 1 : 0;
  }

  /**
   * Clips, updates every weight and forgets the gradients.
   * @returns the norm of all gradients before; where it is not finite nothing has changed
   */
  async apply({ step, learningRate }: Step): Promise<number> {
    if (this.current === null) throw new Error('an update without gradients');
    for (const [name, value] of Object.entries(this.rule.scalars(step, learningRate))) {
      const scalar = this.scalars[name] ??= float32(new Float32Array(1), []);
      (scalar.data as Float32Array)[0] = value;
    }
    const set = this.current;
    const bound = this.updates.get(set) ?? this.bind(this.sets[set]!);
    this.updates.set(set, bound);
    await bound.run();
    this.current = null;
    // The graph's own answer comes first: a device's infinity may be read as any number.
    return (this.skipped.data as Float32Array)[0] === 0 ? (this.norm.data as Float32Array)[0]! : NaN;
  }

  /** What a checkpoint holds besides the weights, read from the device buffer by buffer. */
  *state(): Generator<StateTensor> {
    for (const { name, places } of this.graph.state) {
      const data = this.memory.read(this.buffers[name]!).data as Float32Array;
      for (const place of places) yield { name: place.name, shape: place.shape, data: data.subarray(place.offset, place.offset + sizeOf(place)) };
    }
  }

  /** Takes back what `state` gave, or that of an optimizer on the host; every tensor must be there, in its shape. */
  loadState(saved: ReadonlyMap<string, Omit<StateTensor, 'name'>>): void {
    checkState(this.graph.state.flatMap(({ places }) => places), saved);
    for (const { name, length, places } of this.graph.state) {
      const data = new Float32Array(length);
      for (const place of places) data.set(saved.get(place.name)!.data, place.offset);
      this.memory.write(this.buffers[name]!, data);
    }
  }

  async release(): Promise<void> {
    for (const bound of this.updates.values()) bound.release();
    await this.program.release();
    for (const tensors of [this.buffers, this.weights, ...this.sets]) for (const tensor of Object.values(tensors)) this.memory.release(tensor);
  }

  private makeSet(): DeviceTensors {
    return Object.fromEntries(this.tensors.map(({ name, shape }) => [name, this.memory.make('float32', shape)]));
  }

  private bind(gradients: DeviceTensors): Bound {
    const { weights, state, onnx } = this.graph;
    const buffers: readonly FlatBuffer[] = [...weights, ...state];
    const inputs: BoundInputs = {
      ...Object.fromEntries(onnx.inputs.filter(({ name }) => this.scalars[name]).map(({ name }) => [name, this.scalars[name]!])),
      ...Object.fromEntries(buffers.map(({ name }) => [oldOf(name), this.buffers[name]!])),
      ...Object.fromEntries(this.tensors.map(({ name }) => [gradientOut(name), gradients[name]!])),
    };
    const outputs: BoundOutputs = {
      norm: this.norm, skipped: this.skipped,
      ...Object.fromEntries(buffers.map(({ name }) => [newOf(name), this.buffers[name]!])),
      ...Object.fromEntries(this.tensors.map(({ name }) => [copyOf(name), this.weights[name]!])),
    };
    return this.program.bind(inputs, outputs);
  }
}
