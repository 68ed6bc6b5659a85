import { Problem } from '../../contract/problem.ts';
import type { Region } from '../../runtime/memory/layout.ts';
import { ParameterMemory, WEIGHTS } from '../../runtime/memory/parameter-memory.ts';
import { rowsOf, type Rows } from '../../nn/weights/rows.ts';
import { clipScale } from './clip.ts';
import { createKernel, type UpdateKernel } from './kernel/kernel.ts';
import type { Parameter, UpdateRule, UpdateStep, UpdateTarget } from './update-rule.ts';
import type { StateTensor, Update, Updates } from './updates.ts';

/** Region of a parameter's gradient; micro-batches add up in it, and an update leaves it at zero. */
const GRADIENTS = 'gradients';
/** Region for a gradient that comes as rows to be added at ids. */
const GRADIENT_ROWS = 'gradient_rows';

export interface TrainedParameter extends Parameter {
  /** For embeddings [n, width]: how many rows [width] of gradient one micro-batch brings at most; none if left out. */
  readonly gradientRows?: number;
  /** Names of regions as large as the weights that somebody keeps beside them. */
  readonly beside?: readonly string[];
}

export interface OptimizerLimits {
  /** Most elements of a tensor: a larger parameter is kept as parts of its rows (`rowsOf`). */
  elements?: number;
  /** The largest single memory in bytes. */
  memory?: number;
}

/**
 * Owns the trained parameters: their weights, gradients and optimizer state lie in `memory`, zero at first, where a
 * training graph reads and writes them; here they are measured, updated in place, saved and loaded. Where a parameter is
 * kept in parts, each part has these regions, under the part's name.
 */
export class Optimizer implements Updates {
  readonly memory: ParameterMemory;
  /** What lies in memory: every parameter, or the parts of its rows. */
  readonly tensors: readonly Rows[];
  private readonly parameters: readonly { readonly parameter: Parameter; readonly parts: readonly Rows[] }[];
  private readonly rule: UpdateRule;
  private readonly kernels: readonly UpdateKernel[];

  /** Throws a `Problem` where the parameters don't fit. */
  constructor(parameters: readonly TrainedParameter[], rule: UpdateRule, limits: OptimizerLimits = {}) {
    this.parameters = parameters.map((parameter) => ({ parameter, parts: rowsOf(parameter, limits.elements) }));
    this.tensors = this.parameters.flatMap(({ parts }) => parts);
    const blocks = parameters.flatMap(({ gradientRows, beside = [] }, at) => this.parameters[at]!.parts.map((part) => {
      const { name, shape } = part;
      const rows = gradientRows === undefined ? [] : [{ name: GRADIENT_ROWS, shape: [gradientRows, ...shape.slice(1)] }];
      return { name, regions: [{ name: WEIGHTS, shape }, { name: GRADIENTS, shape }, ...rule.stateRegions(part), ...rows, ...beside.map((region) => ({ name: region, shape }))] };
    }));
    this.rule = rule;
    this.memory = new ParameterMemory(blocks, limits.memory);
    this.kernels = this.memory.memories.map(createKernel);
  }

  weights(parameter: string): Float32Array<ArrayBuffer> {
    return this.memory.view(parameter, WEIGHTS);
  }

  read(tensor: string): Float32Array {
    return this.weights(tensor);
  }

  gradients(parameter: string): Float32Array<ArrayBuffer> {
    return this.memory.view(parameter, GRADIENTS);
  }

  /** Where a graph leaves the rows for `addGradientRows`: [gradientRows, width]. */
  gradientRows(parameter: string): Float32Array<ArrayBuffer> {
    return this.memory.view(parameter, GRADIENT_ROWS);
  }

  /** Adds the first `ids.length` gradient rows to the gradient: gradients[ids[i], :] += rows[i, :]. */
  addGradientRows(parameter: string, ids: Int32Array): void {
    const rows = this.memory.place(parameter, GRADIENT_ROWS);
    const table = this.memory.place(parameter, GRADIENTS);
    const kernel = this.kernels[table.memory]!;
    const width = rows.length / rows.shape[0]!;
    if (ids.length > rows.shape[0]!) throw new Error(`${ids.length} gradient rows for ${parameter}, which has room for ${rows.shape[0]}`);
    for (const [i, id] of ids.entries()) {
      if (id < 0 || id >= table.shape[0]!) throw new Error(`gradient row ${id} of ${parameter}, which has ${table.shape[0]} rows`);
      kernel.add(table.offset + id * width * 4, rows.offset + i * width * 4, width);
    }
  }

  /** What works on the memory of a tensor. */
  kernel(tensor: string): UpdateKernel {
    return this.kernels[this.memory.place(tensor, WEIGHTS).memory]!;
  }

  /** L2 norm of all gradients as one vector, in float64 and in a fixed order; not finite if any gradient is not. */
  gradientNorm(): number {
    let sum = 0;
    for (const { name } of this.tensors) {
      const { memory, offset, bytes } = this.memory.place(name, GRADIENTS);
      sum += this.kernels[memory]!.sumOfSquares(offset, bytes);
    }
    return Math.sqrt(sum);
  }

  /** Drops gradients that are not to be used; an update clears them by itself. */
  clearGradients(): void {
    for (const { name } of this.tensors) this.gradients(name).fill(0);
  }

  async apply({ step, learningRate, clipNorm, lossScale = 1 }: Update): Promise<number> {
    const norm = this.gradientNorm() / lossScale;
    if (Number.isFinite(norm)) this.update({ step, learningRate, gradientScale: clipScale(norm, clipNorm) / lossScale });
    else this.clearGradients();
    return norm;
  }

  /** Updates every weight in place. */
  update(step: UpdateStep): void {
    for (const { parameter, parts } of this.parameters) this.rule.update(parameter, parts.map((part) => this.target(part)), step);
  }

  /** What a checkpoint holds besides the weights, named `<parameter>.<region>`. */
  state(): StateTensor[] {
    return this.regions().map(({ tensor, name, shape, isHalf }) => {
      const { memory } = this;
      return { name: `${tensor}.${name}`, shape, get data() { return isHalf ? widened(memory.halves(tensor, name)) : memory.view(tensor, name); } };
    });
  }

  private regions(): (Region & { tensor: string })[] {
    return this.tensors.flatMap((tensor) => this.rule.stateRegions(tensor).map((region) => ({ ...region, tensor: tensor.name })));
  }

  /** Takes back what `state` gave; every tensor must be there, in its shape. */
  loadState(tensors: ReadonlyMap<string, Omit<StateTensor, 'name'>>): void {
    const own = this.regions().map((region) => ({ ...region, whole: `${region.tensor}.${region.name}` }));
    checkState(own.map(({ whole: name, shape }) => ({ name, shape })), tensors);
    for (const { whole, tensor, name, isHalf } of own) {
      const { data } = tensors.get(whole)!;
      if (isHalf) this.memory.halves(tensor, name).set(narrowed(data));
      else this.memory.view(tensor, name).set(data);
    }
  }

  private target({ name }: Rows): UpdateTarget {
    const weights = this.memory.place(name, WEIGHTS);
    return {
      kernel: this.kernels[weights.memory]!,
      weights,
      gradients: this.memory.place(name, GRADIENTS),
      state: (region) => this.memory.place(name, region),
      read: ({ offset, length }) => new Float32Array(this.memory.memories[weights.memory]!.buffer, offset, length),
    };
  }
}

/** Numbers of bfloat16 in float32. */
function widened(halves: Uint16Array): Float32Array {
  const bits = Uint32Array.from(halves, (half) => half << 16);
  return new Float32Array(bits.buffer);
}

/** Back again: what was widened loses nothing. */
function narrowed(values: Float32Array): Uint16Array {
  return Uint16Array.from(new Uint32Array(values.buffer, values.byteOffset, values.length), (bits) => bits >>> 16);
}

/** @throws Problem where a saved state lacks a tensor, or has it in another shape */
export function checkState(wanted: readonly Omit<StateTensor, 'data'>[], tensors: ReadonlyMap<string, Omit<StateTensor, 'name'>>): void {
  for (const { name, shape } of wanted) {
    const saved = tensors.get(name);
    if (saved?.shape.join() === shape.join()) continue;
    const found = saved ? `has shape [${saved.shape.join(', ')}]` : 'is missing';
    throw new Problem(`the saved optimizer state does not fit the model: ${name} ${found}, expected [${shape.join(', ')}]`, {
      hint: 'Resume from a checkpoint of the same run.',
    });
  }
}
