import { setImmediate as otherWork } from 'node:timers/promises';
import type { OnnxGraph, Port } from '../../../graph/onnx/write.ts';
import { inputPorts } from '../../open-sizes.ts';
import { isOnDevice } from '../../device/device-memory.ts';
import type { Bound, BoundInputs, BoundOutputs } from '../../program.ts';
import { bytesOf, type StoredTensor } from '../../tensor.ts';
import type { Pointer } from './api.ts';
import type { NativeMemory } from './native-memory.ts';
import type { OrtRuntime } from './runtime.ts';

export interface BoundParts {
  runtime: OrtRuntime;
  session: Pointer;
  graph: OnnxGraph;
  /** Null where tensors are the host's alone. */
  memory: NativeMemory | null;
  /** How often the first run is made. */
  firstRuns: number;
  /** Asked before each run: it throws where the program is released or a file has changed. */
  check(): void;
  /** Names what failed for a person. */
  explained<T>(call: () => T): T;
}

/** A program with its tensors bound by ONNX Runtime's IO binding. */
export class BoundProgram implements Bound {
  private readonly parts: BoundParts;
  private readonly binding: Pointer;
  /** Of the host: they are read when they are bound, which is why they are bound anew for each run. */
  private readonly fromHost: { name: string; value: Pointer; bytes: number }[] = [];
  private readonly toHost: { value: Pointer; bytes: number }[] = [];
  /** Held because the binding reads and writes them where they are. */
  readonly held: readonly object[];
  private isReleased = false;
  private left: number;

  constructor(parts: BoundParts, inputs: BoundInputs, outputs: BoundOutputs) {
    this.parts = parts;
    this.left = parts.firstRuns;
    this.held = [inputs, outputs];
    const { runtime, session, graph } = parts;
    this.binding = runtime.made((out) => runtime.api.CreateIoBinding(session, out));
    try {
      for (const port of [...inputPorts(graph), ...graph.parameters.filter(({ name }) => inputs[name])]) this.bindInput(port, inputs);
      for (const port of graph.outputs) this.bindOutput(port, outputs);
    } catch (error) {
      this.release();
      throw error;
    }
  }

  async run(): Promise<void> {
    const { runtime, session, memory, explained } = this.parts;
    // The thread computes from here to the end: whoever waits for it has a turn before.
    await otherWork();
    if (this.isReleased) throw new Error('the bound program has been released');
    this.parts.check();
    explained(() => {
      for (const { name, value } of this.fromHost) runtime.check(runtime.api.BindInput(this.binding, name, value));
      for (; this.left > 0; this.left--) runtime.check(runtime.api.RunWithBinding(session, null, this.binding));
      this.left = 1;
    });
    if (memory) {
      for (const { bytes } of this.fromHost) memory.crossed.toDevice += bytes;
      for (const { bytes } of this.toHost) memory.crossed.toHost += bytes;
    }
  }

  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    const { api } = this.parts.runtime;
    api.ReleaseIoBinding(this.binding);
    for (const { value } of [...this.fromHost, ...this.toHost]) api.ReleaseValue(value);
  }

  private bindInput({ name }: Port, inputs: BoundInputs): void {
    const tensor = inputs[name];
    if (!tensor) throw new Error(`the input "${name}" is not given`);
    const { runtime } = this.parts;
    if (isOnDevice<StoredTensor>(tensor)) {
      runtime.check(runtime.api.BindInput(this.binding, name, this.memory(name).valueOf(tensor)));
    } else {
      this.fromHost.push({ name, value: runtime.value(tensor), bytes: bytesOf(tensor) });
    }
  }

  private bindOutput({ name }: Port, outputs: BoundOutputs): void {
    const tensor = outputs[name];
    if (!tensor) throw new Error(`the output "${name}" has no place`);
    const { runtime } = this.parts;
    if (isOnDevice(tensor)) {
      runtime.check(runtime.api.BindOutput(this.binding, name, this.memory(name).valueOf(tensor)));
      return;
    }
    const value = runtime.value(tensor);
    this.toHost.push({ value, bytes: bytesOf(tensor) });
    runtime.check(runtime.api.BindOutput(this.binding, name, value));
  }

  private memory(name: string): NativeMemory {
    const { memory } = this.parts;
    if (!memory) throw new Error(`"${name}" is a device's tensor, for a program of the host`);
    return memory;
  }
}
