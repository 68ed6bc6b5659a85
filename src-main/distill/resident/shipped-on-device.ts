import { shippedName } from '../../nn/weights/shipped.ts';
import type { DeviceTensor } from '../../runtime/device/device-memory.ts';
import { HeldTensors } from '../../runtime/device/held-tensors.ts';
import { inMoves } from '../../runtime/in-moves.ts';
import type { Bound, Executor, Program } from '../../runtime/program.ts';
import { gridGraph } from '../shipping/grid-graph.ts';
import { isWritten, type Rounded, type ShippedWeights } from '../shipping/shipped-weights.ts';
import type { DeviceOptimizer } from './device-optimizer.ts';

/**
 * The weights that a student's file will have, on the device beside the exact ones. There they are rounded, where a grid is
 * simple enough for operators. Where it takes the code that writes the file (GGUF's types with a search for their scales), the
 * exact weights cross to the host behind each update and the rounded ones back.
 */
export class ShippedOnDevice {
  /** As train graphs read them, by name. */
  readonly weights: Readonly<Record<string, DeviceTensor>>;
  private readonly rounded: ShippedWeights;
  private readonly optimizer: DeviceOptimizer;
  private readonly held: HeldTensors;
  /** Null where nothing is rounded on the device. */
  private readonly onDevice: { readonly program: Program; readonly bound: Bound } | null;
  private readonly onHost: readonly Rounded[];
  private readonly there: readonly Rounded[];
  /** Whether the host has what the device has rounded. */
  private isFresh = false;

  private constructor(rounded: ShippedWeights, optimizer: DeviceOptimizer, held: HeldTensors, program: Program | null) {
    this.rounded = rounded;
    this.optimizer = optimizer;
    this.held = held;
    this.onHost = rounded.all.filter(({ grid }) => isWritten(grid));
    this.there = rounded.all.filter(({ grid }) => !isWritten(grid));
    this.weights = Object.fromEntries(Object.entries(rounded.weights).map(([name, { dtype, shape }]) => [name, held.make(dtype, shape)]));
    this.onDevice = program && {
      program,
      bound: program.bind(
        Object.fromEntries(program.graph.parameters.map(({ name }) => [name, optimizer.weights[name]!])),
        Object.fromEntries(program.graph.outputs.map(({ name }) => [name, this.weights[name]!]))),
    };
  }

  /** @param rounded  of the optimizer's mirror */
  static async open(executor: Executor, rounded: ShippedWeights, optimizer: DeviceOptimizer): Promise<ShippedOnDevice> {
    const there = rounded.all.flatMap(({ name, grid, matrix }) => (isWritten(grid) ? [] : [{ name, grid, matrix }]));
    return inMoves(async (keep) => {
      const program = there.length > 0 ? keep(await executor.compile(gridGraph(there, executor.dialect), { optimize: 'none' })) : null;
      return new ShippedOnDevice(rounded, optimizer, keep(new HeldTensors(optimizer.memory)), program);
    });
  }

  /** Rounds the exact weights as they are now. */
  async update(): Promise<void> {
    await this.onDevice?.bound.run();
    this.isFresh = false;
    if (this.onHost.length === 0) return;
    this.optimizer.mirror.refresh();
    this.rounded.update(this.onHost);
    for (const { name, grid } of this.onHost) {
      const to = this.weights[shippedName(name, grid)]!;
      to.memory.write(to, this.rounded.weights[shippedName(name, grid)]!.data);
    }
  }

  /** Brings those that the device rounds to the host, once between two updates. */
  refresh(): void {
    if (this.isFresh) return;
    this.isFresh = true;
    for (const { name, grid } of this.there) {
      const from = this.weights[shippedName(name, grid)]!;
      from.memory.readInto(from, this.rounded.weights[shippedName(name, grid)]!.data);
    }
  }

  async release(): Promise<void> {
    this.onDevice?.bound.release();
    await this.onDevice?.program.release();
    this.held.release();
  }
}
