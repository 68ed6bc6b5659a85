import { isKeysOrValues } from '../../nn/attention/cached.ts';
import type { DeviceMemory, DeviceTensor } from '../../runtime/device/device-memory.ts';
import { HeldTensors } from '../../runtime/device/held-tensors.ts';
import type { Bound, Program } from '../../runtime/program.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import type { DeviceModel, Step } from './device-model.ts';
import { NEXT } from './texts-state.ts';

/** Steps that a batch makes before its step is captured, and those that must be left to make: to make the program takes as long as it saves in so many. */
const [BEFORE, PAYS] = [4, 24];

/** What a step reads where the last one has left it. */
const IDS = 'ids';
/** What is the same at every step. */
const LASTING: ReadonlySet<string> = new Set(['told_rows', 'temperature']);

export const isWorthCapturing = (made: number, left: number): boolean => made >= BEFORE && left >= PAYS;

export interface CapturedParts {
  readonly step: Step;
  /** By the names of what a batch keeps; `next` among them. */
  readonly tensors: Readonly<Record<string, DeviceTensor>>;
  /** What changes from step to step, in memory of the host, by the names of inputs. */
  readonly feeds: Readonly<Record<string, Tensor>>;
}

/**
 * A step of one token of a batch, recorded by the device and repeated: of some thousand calls a step those remain that bring
 * what is fed. The recorded step has the batch's own tensors, so it lives as long as the batch has these places.
 */
export class CapturedStep {
  private readonly model: DeviceModel;
  private readonly fed: readonly (readonly [Tensor, DeviceTensor])[];
  private readonly made: readonly DeviceTensor[];
  private readonly bound: Bound;

  private readonly program: Program;

  private constructor(model: DeviceModel, program: Program, fed: CapturedStep['fed'], made: readonly DeviceTensor[], bound: Bound) {
    this.model = model;
    this.program = program;
    this.fed = fed;
    this.made = made;
    this.bound = bound;
  }

  /** Changes nothing of the batch. Null where the device cannot. */
  static async open(model: DeviceModel, { step: { program: { graph }, kept }, tensors, feeds }: CapturedParts): Promise<CapturedStep | null> {
    const { memory } = model;
    const program = await model.captured(graph);
    if (!program) return null;
    const made: DeviceTensor[] = [];
    let bound: Bound | null = null;
    try {
      const fed = Object.entries(feeds).filter(([name]) => name !== IDS).map(([name, tensor]) => {
        const there = memory.make(tensor.dtype, tensor.shape);
        made.push(there);
        memory.write(there, tensor.data);
        return [name, tensor, there] as const;
      });
      const next = tensors[NEXT.name]!;
      const ids = memory.view(next, [...next.shape, 1]);
      made.push(ids);
      bound = program.bind(
        { ...Object.fromEntries(fed.map(([name, , there]) => [name, there])), [IDS]: ids, ...Object.fromEntries(kept.map(({ port: { name } }) => [name, tensors[name]!])), ...model.read(program) },
        { [NEXT.name]: next, ...Object.fromEntries(kept.flatMap(({ port, output }) => (output ? [[output, tensors[port.name]!] as const] : []))) });
      const captured = new CapturedStep(model, program, fed.filter(([name]) => !LASTING.has(name)).map(([, tensor, there]) => [tensor, there] as const), made, bound);
      // The first run is made more than once. What it writes of keys and values is written over by the step itself; all else is put back.
      const changed = [next, ...kept.flatMap(({ port: { name }, output }) => (output && !isKeysOrValues(name) ? [tensors[name]!] : []))];
      await preserved(memory, changed, () => captured.run());
      return captured;
    } catch {
      // What the device cannot record it computes as before; where it is lost, the next step says so.
      bound?.release();
      for (const tensor of made.reverse()) memory.release(tensor);
      await program.release();
      model.cannotCapture();
      return null;
    }
  }

  async run(): Promise<void> {
    for (const [tensor, there] of this.fed) this.model.memory.write(there, tensor.data);
    await this.bound.run();
  }

  release(): void {
    this.bound.release();
    for (const tensor of [...this.made].reverse()) this.model.memory.release(tensor);
    void this.program.release();
  }
}

/** Does something and leaves tensors of a device as they were. */
async function preserved(memory: DeviceMemory, tensors: readonly DeviceTensor[], work: () => Promise<void>): Promise<void> {
  const held = new HeldTensors(memory);
  try {
    const copies = tensors.map((tensor) => {
      const copy = held.make(tensor.dtype, tensor.shape);
      memory.copy(tensor, copy);
      return [tensor, copy] as const;
    });
    try {
      await work();
    } finally {
      for (const [tensor, copy] of copies) memory.copy(copy, tensor);
    }
  } finally {
    held.release();
  }
}
