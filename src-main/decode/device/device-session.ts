import type { Port } from '../../graph/onnx/write.ts';
import type { DeviceTensor } from '../../runtime/device/device-memory.ts';
import type { Bound, BoundInputs, BoundOutputs } from '../../runtime/program.ts';
import { float32, type Tensor } from '../../runtime/tensor.ts';
import { beginning, type Opening } from '../opening.ts';
import { feedsOf } from '../feeds.ts';
import type { DeviceModel, Step } from './device-model.ts';
import { CapturedStep, isWorthCapturing } from './captured-step.ts';
import { onHost } from './on-host.ts';
import { readSources } from './read-sources.ts';
import { REMEMBERED, WRITTEN, type Told } from './step-graph.ts';
import { NEXT, TextsState } from './texts-state.ts';

/** A step with every tensor in its place: what it reads of the host is changed there from run to run. */
interface Placed { bound: Pick<Bound, 'run'>; feeds: Readonly<Record<string, Tensor>>; told: Readonly<Record<string, Tensor>>; /** Steps that were made so. */ made: number; release(): void }

export interface DeviceSessionSize {
  /** Most tokens that a row takes after what it begins with. */
  newTokens: number;
  /** Of sampling. */
  temperature?: number;
}

/**
 * A batch of texts that grow on a device by a token a step: keys, values and tokens stay there. What crosses at a step
 * are a few numbers of each row that say where it stands, and what is told of it.
 */
export class DeviceSession {
  private readonly model: DeviceModel;
  private readonly step: Step;
  private readonly state: TextsState;
  private readonly temperature: Tensor;
  /** What is read first; null afterwards. */
  private openings: readonly Int32Array[] | null;
  /** Where the token stands that each row reads next, once its opening is read. */
  private places: number[];
  /** Steps that the rows have room for. */
  private left: number;
  private readonly told: Told;
  /** Of the last run, where they are held. */
  private held: DeviceTensor | null = null;
  /** Steps of one token, by the tensors that they read. */
  private readonly placed = new Map<TextsState['tensors'], Placed>();

  private constructor(model: DeviceModel, told: Told, step: Step, state: TextsState, openings: readonly Int32Array[], { newTokens, temperature = 1 }: DeviceSessionSize) {
    this.model = model;
    this.told = told;
    this.step = step;
    this.state = state;
    this.openings = openings;
    this.places = openings.map(({ length }) => length);
    this.left = newTokens;
    this.temperature = float32(Float32Array.of(temperature), []);
  }

  /** @param prompts  a row for each */
  static async open(model: DeviceModel, told: Told, prompts: readonly Opening[], size: DeviceSessionSize): Promise<DeviceSession> {
    const { decoder, memory } = model;
    const step = await model.step(told);
    const openings = prompts.map((prompt) => beginning(decoder, prompt));
    const sources = prompts.map(({ tokens }) => tokens);
    const longest = (texts: readonly Int32Array[]): number => Math.max(...texts.map(({ length }) => length));
    const state = new TextsState(memory, step.ports, prompts.length, { capacity: longest(openings) + size.newTokens, source: longest(sources) });
    const session = new DeviceSession(model, told, step, state, openings, size);
    try {
      if (decoder.encoder) await readSources(model, state.tensors, sources);
      return session;
    } catch (error) {
      session.release();
      throw error;
    }
  }

  /**
   * Reads the openings, or what was fed last.
   * @param uniforms  of a step that samples, a number for each row
   * @returns what the step tells besides what stays on the device; the next run writes over it
   */
  async run(uniforms: ArrayLike<number> | null = null): Promise<Readonly<Record<string, Tensor>>> {
    const isFirst = this.openings !== null;
    const placed = isFirst ? this.place() : await this.placedNow();
    if (uniforms) (placed.feeds['uniform']!.data as Float32Array).set(uniforms);
    try {
      await placed.bound.run();
      placed.made += 1;
      this.left -= 1;
      return placed.told;
    } finally {
      if (isFirst) placed.release();
    }
  }

  /** Logits [rows, vocabulary] of the last run, where the step holds them. */
  get logits(): DeviceTensor {
    if (!this.held) throw new Error('no logits are held');
    return this.held;
  }

  /** Each row's next token [rows] (int32), for whoever chooses it on the device. */
  get next(): DeviceTensor {
    return this.state.tensors[NEXT.name]!;
  }

  /** Gives every row the token that was chosen for it on the device, without asking which. */
  goOn(): void {
    if (this.openings) this.openings = null;
    else this.places = this.places.map((place) => place + 1);
  }

  /** Gives every row its next token. */
  feed(tokens: readonly number[]): void {
    this.model.memory.write(this.next, Int32Array.from(tokens));
    this.goOn();
  }

  /** Goes on with these rows, in this order, before they are fed; a row may come more than once. */
  async take(rows: readonly number[]): Promise<void> {
    if (rows.length === this.places.length && rows.every((row, at) => row === at)) return;
    if (rows.length !== this.places.length) this.forget();
    await this.state.take(await this.model.taking(this.step.ports), rows);
    this.places = rows.map((row) => this.places[row]!);
    this.openings &&= rows.map((row) => this.openings![row]!);
  }

  /** The tokens that the last `count` steps, at most `REMEMBERED`, chose for each row. */
  written(count: number): Int32Array[] {
    const all = this.model.memory.read(this.state.tensors[WRITTEN]!).data as Int32Array;
    return this.places.map((_, row) => all.slice((row + 1) * REMEMBERED - count, (row + 1) * REMEMBERED));
  }

  release(): void {
    this.forget();
    this.state.release();
    if (this.held) this.model.memory.release(this.held);
    this.held = null;
  }

  private async placedNow(): Promise<Placed> {
    const { tensors } = this.state;
    let placed = this.placed.get(tensors) ?? this.place();
    this.placed.set(tensors, placed);
    const { positions, last_position: last, total_length: total } = placed.feeds;
    (positions!.data as BigInt64Array).set(this.places.map(BigInt));
    (last!.data as Int32Array).set(this.places);
    (total!.data as Int32Array)[0] = Math.max(...this.places) + 1;
    // Where something is told, the host waits for it at every step.
    if (this.told.kind === 'token' && isWorthCapturing(placed.made, this.left)) {
      placed = await this.captured(placed);
      this.placed.set(tensors, placed);
    }
    return placed;
  }

  private async captured(placed: Placed): Promise<Placed> {
    const { feeds, told } = placed;
    const captured = await CapturedStep.open(this.model, { step: this.step, tensors: this.state.tensors, feeds });
    if (!captured) return { ...placed, made: -Infinity };
    placed.release();
    // It is not captured again.
    return { bound: captured, feeds, told, made: -Infinity, release: () => captured.release() };
  }

  private place(): Placed {
    const { step: { program, kept }, model, state: { tensors }, openings } = this;
    const rows = this.places.length;
    const feeds: Record<string, Tensor> = openings ? repeated(openings) : feedsOf(this.places.map((start) => ({ start, tokens: [0] })));
    if (program.graph.inputs.some(({ name }) => name === 'uniform')) Object.assign(feeds, { temperature: this.temperature, uniform: float32(new Float32Array(rows), [rows, 1]) });
    const views: DeviceTensor[] = [];
    const inputs: Record<string, BoundInputs[string]> = { ...feeds, ...this.of(kept.map(({ port }) => port)), ...model.read(program) };
    if (!openings) {
      // A row's next token is the next step's whole text.
      const ids = model.memory.view(this.next, [rows, 1]);
      views.push(ids);
      inputs['ids'] = ids;
    }
    const outputs: Record<string, BoundOutputs[string]> = Object.fromEntries(kept.flatMap(({ port, output }) => (output ? [[output, tensors[port.name]!] as const] : [])));
    const told: Record<string, Tensor> = {};
    for (const port of program.graph.outputs) {
      if (port.name === NEXT.name) outputs[port.name] = tensors[port.name]!;
      if (this.told.kind === 'held' && port.name === 'logits') outputs[port.name] = this.holding(port, rows);
      outputs[port.name] ??= told[port.name] = onHost(port, rows);
    }
    const bound = program.bind(inputs, outputs);
    return {
      bound, feeds, told, made: 0,
      release: () => {
        bound.release();
        for (const view of views) model.memory.release(view);
      },
    };
  }

  private holding({ dtype, shape: [, vocabulary] }: Port, rows: number): DeviceTensor {
    if (this.held?.shape[0] === rows) return this.held;
    if (this.held) this.model.memory.release(this.held);
    return this.held = this.model.memory.make(dtype, [rows, vocabulary as number]);
  }

  private of(ports: readonly Port[]): Record<string, DeviceTensor> {
    return Object.fromEntries(ports.map(({ name }) => [name, this.state.tensors[name]!]));
  }

  private forget(): void {
    for (const placed of this.placed.values()) placed.release();
    this.placed.clear();
  }
}

/** Openings as a step's inputs. What stands behind a row's end repeats its last token, so that no other one counts as seen. */
function repeated(openings: readonly Int32Array[]): Record<string, Tensor> {
  const feeds = feedsOf(openings.map((tokens) => ({ start: 0, tokens })));
  const { data, shape: [, longest] } = feeds['ids'] as Tensor & { data: Int32Array };
  openings.forEach((tokens, row) => data.fill(tokens.at(-1)!, row * longest! + tokens.length, (row + 1) * longest!));
  return feeds;
}
