import { setImmediate as otherWork } from 'node:timers/promises';
import { DTYPES, type DType } from '../../graph/dtype.ts';
import type { OnnxGraph } from '../../graph/onnx/write.ts';
import { isOnDevice, type DeviceTensor } from '../device/device-memory.ts';
import { inputPorts, withSizes } from '../open-sizes.ts';
import type { Bound, BoundInputs, BoundOutputs, Program, ProgramOptions, Tensors } from '../program.ts';
import { bytesOf, hostTensor, tensorOf, type StoredTensor, type Tensor } from '../tensor.ts';
import { explained } from './failure.ts';
import type { Call } from './kernels/kernel.ts';
import type { Tf, TfTensor } from './library.ts';
import type { TfjsMemory } from './memory.ts';
import { planOf, type Plan, type Step } from './plan.ts';
import { fromHost, toHost } from './tensors.ts';
import { Values } from './values.ts';

/** What some inputs hold, for kernels that need to know. */
type Numbers = ReadonlyMap<string, readonly number[]>;

/** A graph that TensorFlow.js computes node by node. */
export class TfjsProgram implements Program {
  readonly graph: OnnxGraph;
  private readonly tf: Tf;
  private readonly memory: TfjsMemory;
  private readonly plan: Plan;
  /** There for as long as the program is. */
  private readonly constants = new Map<string, TfTensor>();
  private readonly numbers: Numbers;
  private isReleased = false;

  /** @throws Problem where an operator has no kernel */
  constructor(tf: Tf, memory: TfjsMemory, graph: OnnxGraph, { initializers = {} }: ProgramOptions) {
    this.tf = tf;
    this.memory = memory;
    this.graph = graph;
    this.plan = planOf(graph);
    this.numbers = new Map([...this.plan.constants].flatMap(([name, tensor]) => numbersOf(name, tensor)));
    explained('make ready a computation', () => {
      for (const [name, tensor] of this.plan.constants) this.constants.set(name, fromHost(tf, tensor));
      for (const [name, place] of this.plan.outside) this.constants.set(name, fromHost(tf, given(initializers, place)));
    });
  }

  async run(inputs: Tensors, into: Readonly<Record<string, Tensor>> = {}): Promise<Record<string, Tensor>> {
    const whole = withSizes(this.graph, inputs);
    // The thread computes from here to the end: whoever waits for it has a turn before.
    await otherWork();
    const results: Record<string, Tensor> = {};
    this.compute(whole, (name, dtype, tensor) => {
      results[name] = into[name] ?? empty(dtype, tensor.shape);
      this.read(results[name], tensor);
    });
    return results;
  }

  bind(inputs: BoundInputs, outputs: BoundOutputs): Bound {
    const whole = withSizes(this.graph, inputs);
    for (const { name } of inputPorts(this.graph)) given(whole, name);
    for (const tensor of [...Object.values(whole), ...Object.values(outputs)]) if (isOnDevice<StoredTensor>(tensor)) this.memory.check(tensor);
    for (const { name } of this.graph.outputs) if (!outputs[name]) throw new Error(`the output "${name}" has no place`);
    let isReleased = false;
    return {
      run: async () => {
        await otherWork();
        if (isReleased) throw new Error('the bound program has been released');
        this.compute(whole, (name, _, tensor) => {
          const to = outputs[name]!;
          if (isOnDevice(to)) this.memory.put(to, tensor.clone());
          else this.read(to, tensor);
        });
      },
      release: () => { isReleased = true; },
    };
  }

  async release(): Promise<void> {
    this.isReleased = true;
    for (const tensor of this.constants.values()) tensor.dispose();
    this.constants.clear();
  }

  /** Runs every node and shows each output, which is released behind that. */
  private compute(inputs: Readonly<Record<string, StoredTensor | DeviceTensor>>, show: (name: string, dtype: DType, tensor: TfTensor) => void): void {
    if (this.isReleased) throw new Error('the program has been released');
    const values = new Values(this.constants);
    const known = new Map(this.numbers);
    try {
      for (const { name } of [...inputPorts(this.graph), ...this.graph.parameters.filter((port) => inputs[port.name])]) {
        const tensor = given(inputs, name);
        if (isOnDevice<StoredTensor>(tensor)) values.put(name, this.memory.take(tensor));
        else {
          values.put(name, explained('take an input', () => fromHost(this.tf, tensor)));
          this.memory.crossed.toDevice += bytesOf(tensor);
          for (const [of, numbers] of numbersOf(name, tensor)) known.set(of, numbers);
        }
      }
      for (const step of this.plan.steps) explained(`compute the operator ${step.type}`, () => { this.step(step, values, known); });
      // All of them first: a place may be an input's as well.
      const made = this.graph.outputs.map(({ name, dtype }) => [name, dtype, values.get(name)] as const);
      for (const [name, dtype, tensor] of made) show(name, dtype, tensor);
    } finally {
      values.release();
    }
  }

  private step({ type, kernel, inputs, outputs, attributes, last }: Step, values: Values, known: Numbers): void {
    const tensors = inputs.map((name) => (name === '' ? null : values.get(name)));
    const call: Call = {
      tf: this.tf, type, attributes, inputs: tensors,
      numbers: (at) => known.get(inputs[at] ?? '') ?? Array.from(tensors[at]?.dataSync() ?? []),
    };
    const made = this.tf.tidy(() => kernel(call));
    const results: readonly TfTensor[] = Array.isArray(made) ? made : [made as TfTensor];
    results.forEach((tensor, at) => {
      if (outputs[at]) values.put(outputs[at], tensor);
      else tensor.dispose();
    });
    for (const name of last) values.drop(name);
  }

  private read(to: Tensor, tensor: TfTensor): void {
    explained('read a result', () => { toHost(tensor, to.data); });
    this.memory.crossed.toHost += bytesOf(to);
  }
}

/** Of whole numbers, which may be shapes, axes or lengths. */
function numbersOf(name: string, stored: StoredTensor): [string, readonly number[]][] {
  if (stored.dtype !== 'int32' && stored.dtype !== 'int64') return [];
  return [[name, Array.from(hostTensor(stored).data, Number)]];
}

function empty(dtype: DType, shape: readonly number[]): Tensor {
  return tensorOf(dtype, shape, new Uint8Array(shape.reduce((product, dim) => product * dim, 1) * DTYPES[dtype].bytes));
}

function given<T>(tensors: Readonly<Record<string, T>>, name: string): T {
  const tensor = tensors[name];
  if (!tensor) throw new Error(`the input "${name}" is not given`);
  return tensor;
}
