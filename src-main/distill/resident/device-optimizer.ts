import { rowsOf, type Rows } from '../../nn/weights/rows.ts';
import type { DeviceMemory, DeviceTensor } from '../../runtime/device/device-memory.ts';
import { HeldTensors } from '../../runtime/device/held-tensors.ts';
import { inMoves } from '../../runtime/in-moves.ts';
import type { Bound, BoundInputs, BoundOutputs, Executor, Program } from '../../runtime/program.ts';
import { float32, type Tensor } from '../../runtime/tensor.ts';
import { sizeOf, type FlatBuffer } from '../optimizers/flat/layout.ts';
import { copyOf, newOf, oldOf, updateGraph, type FlatRule, type Trained, type UpdateGraph } from '../optimizers/flat/update-graph.ts';
import { checkState, type OptimizerLimits, type TrainedParameter } from '../optimizers/optimizer.ts';
import type { StateTensor, Update, Updates } from '../optimizers/updates.ts';
import { gradientOut } from '../train-graph.ts';
import { HostMirror } from './host-mirror.ts';

type DeviceTensors = Readonly<Record<string, DeviceTensor>>;

/**
 * Trained weights, their gradients and the optimizer's state in a device's memory: there they are measured, clipped and
 * updated in place by a graph. What `Optimizer` is on the host; everything starts at zero.
 */
export class DeviceOptimizer implements Updates {
  readonly tensors: readonly Rows[];
  readonly memory: DeviceMemory;
  /** As train graphs read them, by the tensor's name. */
  readonly weights: DeviceTensors;
  /** The same for the host. */
  readonly mirror: HostMirror;
  private readonly rule: FlatRule;
  private readonly graph: UpdateGraph;
  private readonly program: Program;
  private readonly held: HeldTensors;
  private readonly buffers: DeviceTensors;
  /** Two, because a run on a device cannot read and write one in the same operator; the second is made when it is needed. */
  private readonly sets: DeviceTensors[] = [];
  /** Which set holds the gradients so far; null where there are none. */
  private current: number | null = null;
  private readonly scalars: Record<string, Tensor> = {};
  private readonly norm = float32(new Float32Array(1), []);
  private readonly skipped = float32(new Float32Array(1), []);
  /** Updates that read the one and the other set. */
  private readonly updates = new Map<number, Bound>();

  private constructor(tensors: readonly Rows[], held: HeldTensors, rule: FlatRule, graph: UpdateGraph, program: Program, beside: ReadonlyMap<string, readonly string[]>) {
    this.tensors = tensors;
    this.held = held;
    this.memory = held.memory;
    this.rule = rule;
    this.graph = graph;
    this.program = program;
    this.buffers = Object.fromEntries([...graph.weights, ...graph.state].map(({ name, length }) => [name, held.make('float32', [length])]));
    this.weights = this.makeSet();
    this.mirror = new HostMirror(tensors, this.weights, ({ name }) => beside.get(name) ?? []);
  }

  /** @param parameters  what stands beside them lies in the mirror. @throws Problem where the device has no room */
  static async open(executor: Executor, parameters: readonly TrainedParameter[], rule: FlatRule, { elements }: Pick<OptimizerLimits, 'elements'> = {}): Promise<DeviceOptimizer> {
    const { memory, dialect } = executor;
    if (!memory) throw new Error('the executor has no memory of its own');
    const trained = parameters.map((parameter): Trained => ({ parameter, parts: rowsOf(parameter, elements) }));
    const graph = updateGraph(trained, rule, { copies: 'float32', dialect });
    const besides = new Map(parameters.flatMap(({ beside = [] }, at) => trained[at]!.parts.map(({ name }) => [name, beside] as const)));
    return inMoves(async (keep) => {
      const program = keep(await executor.compile(graph.onnx, { optimize: 'none' }));
      return new DeviceOptimizer(trained.flatMap(({ parts }) => parts), keep(new HeldTensors(memory)), rule, graph, program, besides);
    });
  }

  /** Sets the weights. @param fill  writes each tensor of `tensors` into the memory that it is given for its name */
  async load(fill: (into: (name: string) => Float32Array) => Promise<void>): Promise<void> {
    const staged = new Map(this.graph.weights.map((buffer) => [buffer, new Float32Array(buffer.length)]));
    const views = new Map([...staged].flatMap(([{ places }, data]) => places.map((place) => [place.name, data.subarray(place.offset, place.offset + sizeOf(place))])));
    await fill((name) => views.get(name)!);
    for (const [{ name }, data] of staged) this.memory.write(this.buffers[name]!, data);
    for (const [name, data] of views) this.memory.write(this.weights[name]!, data);
    this.mirror.changed();
  }

  read(tensor: string): Float32Array {
    return this.mirror.one(tensor);
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

  async apply({ step, learningRate, clipNorm, lossScale = 1 }: Update): Promise<number> {
    const set = this.current ?? this.zeros();
    for (const [name, value] of Object.entries({ ...this.rule.scalars(step, learningRate), clipNorm, lossScale })) {
      const scalar = this.scalars[name] ??= float32(new Float32Array(1), []);
      (scalar.data as Float32Array)[0] = value;
    }
    const bound = this.updates.get(set) ?? this.bind(this.sets[set]!);
    this.updates.set(set, bound);
    await bound.run();
    this.current = null;
    this.mirror.changed();
    // The graph's own answer comes first: a device's infinity may be read as any number.
    return (this.skipped.data as Float32Array)[0] === 0 ? (this.norm.data as Float32Array)[0]! : NaN;
  }

  /** In the order of the buffers: one of them is in memory of the host at a time. */
  state(): StateTensor[] {
    let held: { name: string; data: Float32Array } | null = null;
    const read = (name: string): Float32Array => {
      if (held?.name !== name) held = { name, data: this.memory.read(this.buffers[name]!).data as Float32Array };
      return held.data;
    };
    return this.graph.state.flatMap(({ name: buffer, places }) => places.map((place): StateTensor => ({
      name: place.name, shape: place.shape, get data() { return read(buffer).subarray(place.offset, place.offset + sizeOf(place)); },
    })));
  }

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
    this.held.release();
  }

  /** Gradients of a step in which nothing was learned. */
  private zeros(): number {
    this.sets[0] ??= this.makeSet();
    for (const tensor of Object.values(this.sets[0])) this.memory.write(tensor, new Float32Array(sizeOf(tensor)));
    return 0;
  }

  private makeSet(): DeviceTensors {
    return Object.fromEntries(this.tensors.map(({ name, shape }) => [name, this.held.make('float32', shape)]));
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
