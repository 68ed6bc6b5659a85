import type { Decoder } from '../../nn/decoder.ts';
import type { OnnxGraph, Port } from '../../graph/onnx/write.ts';
import { isOnDevice, type DeviceMemory, type DeviceTensor } from '../../runtime/device/device-memory.ts';
import { OnDevice } from '../../runtime/device/on-device.ts';
import type { BoundInputs, Executor, Program } from '../../runtime/program.ts';
import { ProgramCache } from '../../runtime/program-cache.ts';
import type { StoredTensor } from '../../runtime/tensor.ts';
import { sourceGraph } from '../source.ts';
import { stepGraph, type Kept, type Told } from './step-graph.ts';
import { NEXT, takeGraph } from './texts-state.ts';

/** Ways of choosing whose programs are kept; they hold no weights. */
const PROGRAMS = 4;

/** A step made ready, and what a batch of texts keeps between two. */
export interface Step { readonly program: Program; readonly kept: readonly Kept[]; readonly ports: readonly Port[] }

export interface DeviceModelSettings {
  /** Ids below this may be written. */
  vocabulary: number;
  /** The longest prompt and completion together. */
  maxLength: number;
}

/** A model that writes on a device: its weights lie there, and each way of choosing has a program. */
export class DeviceModel {
  readonly decoder: Decoder;
  readonly memory: DeviceMemory;
  private readonly executor: Executor;
  private readonly weights: BoundInputs;
  private readonly settings: DeviceModelSettings;
  private readonly lasting: OnDevice;
  private readonly steps = new ProgramCache<Step>(PROGRAMS);
  private captures: boolean;
  /** What works beside the steps. */
  private readonly others = new ProgramCache<{ program: Program }>(PROGRAMS);

  /** @param weights  on the device already, or brought there when they are needed first */
  constructor(executor: Executor, memory: DeviceMemory, decoder: Decoder, weights: BoundInputs, settings: DeviceModelSettings) {
    this.executor = executor;
    this.memory = memory;
    this.decoder = decoder;
    this.weights = weights;
    this.settings = settings;
    this.lasting = new OnDevice(memory);
    this.captures = executor.captures;
  }

  /** Ids below this may be written. */
  get vocabulary(): number {
    return this.settings.vocabulary;
  }

  /** What continues texts and tells this of each step. */
  step(told: Told): Promise<Step> {
    return this.steps.get(JSON.stringify(told), async () => {
      const { onnx, kept } = stepGraph(this.decoder, told, this.settings, this.executor);
      const ports = [...kept.map(({ port }) => port), NEXT];
      return { kept, ports, program: await this.executor.compile(onnx, { optimize: 'none' }) };
    });
  }

  /** The same graph as a program that is captured, for one batch, which releases it; null where the device has none. */
  async captured(graph: OnnxGraph): Promise<Program | null> {
    if (!this.captures) return null;
    try {
      return await this.executor.compile(graph, { optimize: 'none', captured: true });
    } catch {
      this.cannotCapture();
      return null;
    }
  }

  cannotCapture(): void {
    this.captures = false;
  }

  /** What changes the places of rows. @param ports  what these have */
  taking(ports: readonly Port[]): Promise<Program> {
    return this.other(JSON.stringify(ports), (dialect) => takeGraph(ports, dialect));
  }

  /** What reads prompts where there is an encoder. */
  reader(): Promise<Program> {
    return this.other('source', (dialect) => sourceGraph(this.decoder, 'inputs', dialect));
  }

  /** The weights that a program reads, on the device. */
  read({ graph }: Program): Record<string, DeviceTensor> {
    return Object.fromEntries(graph.parameters.map(({ name }) => {
      const tensor = this.weights[name];
      if (!tensor) throw new Error(`the model has no weight "${name}"`);
      return [name, isOnDevice<StoredTensor>(tensor) ? tensor : this.lasting.bring(tensor)];
    }));
  }

  /** A program of another graph than a step's. @param key  names it */
  async other(key: string, graph: (dialect: Executor['dialect']) => OnnxGraph): Promise<Program> {
    return (await this.others.get(key, async () => ({ program: await this.executor.compile(graph(this.executor.dialect), { optimize: 'none' }) }))).program;
  }

  async release(): Promise<void> {
    await this.steps.release();
    await this.others.release();
    this.lasting.release();
  }
}
