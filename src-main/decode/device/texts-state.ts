import type { NodeWriter } from '../../graph/onnx/node-writer.ts';
import { writeOnnx, type OnnxGraph, type Port } from '../../graph/onnx/write.ts';
import { gatherRows } from '../../graph/ops/gather.ts';
import { Graph } from '../../graph/value.ts';
import type { DeviceMemory, DeviceTensor } from '../../runtime/device/device-memory.ts';
import type { Program } from '../../runtime/program.ts';
import { int32 } from '../../runtime/tensor.ts';

/** Goes on with other rows: each port's tensor [rows, ...] in, its rows at `order` [taken] out, under the same name with "taken ". */
export function takeGraph(ports: readonly Port[], dialect: NodeWriter['dialect']): OnnxGraph {
  const graph = new Graph();
  const order = graph.input('order', 'int32', ['taken']);
  return writeOnnx(Object.fromEntries(ports.map(({ name, dtype, shape }) => (
    [takenName(name), gatherRows(graph.input(name, dtype, ['batch', ...shape.slice(1)]), order)]))), { weights: 'inputs', dialect });
}

const takenName = (name: string): string => `taken ${name}`;

/** Each row's token that was chosen last, which the next step reads. */
export const NEXT: Port = { name: 'next', dtype: 'int32', shape: ['batch'] };

/** What a batch of texts has on a device from step to step. */
export class TextsState {
  private readonly memory: DeviceMemory;
  private readonly ports: readonly Port[];
  private readonly sizes: Readonly<Record<string, number>>;
  private current: Readonly<Record<string, DeviceTensor>>;
  /** As large as what is in use, once rows have changed places: a device reads one and writes the other. */
  private spare: Readonly<Record<string, DeviceTensor>> | null = null;
  private rows: number;

  /** @param sizes  of the ports' open dimensions, but for the rows, which come first */
  constructor(memory: DeviceMemory, ports: readonly Port[], rows: number, sizes: Readonly<Record<string, number>>) {
    this.memory = memory;
    this.ports = ports;
    this.sizes = sizes;
    this.rows = rows;
    this.current = this.make(rows);
  }

  /** By the name of the port. */
  get tensors(): Readonly<Record<string, DeviceTensor>> {
    return this.current;
  }

  /** Goes on with these rows, in this order; a row may come more than once. @param program  of the `takeGraph` of the ports */
  async take(program: Program, order: readonly number[]): Promise<void> {
    const isAsMany = order.length === this.rows;
    const from = this.current;
    const to = (isAsMany ? this.spare : null) ?? this.make(order.length);
    const bound = program.bind({ order: int32(Int32Array.from(order), [order.length]), ...from },
      Object.fromEntries(this.ports.map(({ name }) => [takenName(name), to[name]!])));
    this.current = to;
    if (!isAsMany && this.spare) this.free(this.spare);
    this.spare = from;
    this.rows = order.length;
    try {
      await bound.run();
    } finally {
      bound.release();
      if (!isAsMany) {
        this.free(from);
        this.spare = null;
      }
    }
  }

  /** As before the first token. */
  clear(): void {
    this.free(this.current);
    this.current = this.make(this.rows);
  }

  release(): void {
    this.free(this.current);
    if (this.spare) this.free(this.spare);
    this.spare = null;
  }

  private make(rows: number): Readonly<Record<string, DeviceTensor>> {
    const made: Record<string, DeviceTensor> = {};
    try {
      for (const { name, dtype, shape } of this.ports) {
        made[name] = this.memory.make(dtype, [rows, ...shape.slice(1).map((dim) => (typeof dim === 'number' ? dim : this.sizes[dim]!))]);
      }
      return made;
    } catch (error) {
      this.free(made);
      throw error;
    }
  }

  private free(tensors: Readonly<Record<string, DeviceTensor>>): void {
    for (const tensor of Object.values(tensors)) this.memory.release(tensor);
  }
}
