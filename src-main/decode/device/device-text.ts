import type { Port } from '../../graph/onnx/write.ts';
import type { DeviceTensor } from '../../runtime/device/device-memory.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { rowsOf } from '../choose.ts';
import { beginning, type Opening } from '../opening.ts';
import type { OneText } from '../engine.ts';
import { feedsOf } from '../feeds.ts';
import { startOf } from '../host-text.ts';
import type { DeviceModel, Step } from './device-model.ts';
import { onHost } from './on-host.ts';
import { readSources } from './read-sources.ts';
import { TextsState } from './texts-state.ts';

/** One text that a model on a device reads on in steps of any length: what it keeps of it stays there, and logits come to the host or stay as well. */
export class DeviceText implements OneText {
  private readonly model: DeviceModel;
  private readonly step: Step;
  private readonly state: TextsState;
  private readonly beginning: readonly number[];
  /** The tokens whose keys and values the device holds. */
  private known: readonly number[] = [];

  private constructor(model: DeviceModel, step: Step, state: TextsState, beginning: readonly number[]) {
    this.model = model;
    this.step = step;
    this.state = state;
    this.beginning = beginning;
  }

  /** @param newTokens  most tokens after what the text begins with */
  static async open(model: DeviceModel, opening: Opening, newTokens: number): Promise<DeviceText> {
    const step = await model.step({ kind: 'logits' });
    const tokens = [...beginning(model.decoder, opening)];
    const state = new TextsState(model.memory, step.ports, 1, { capacity: tokens.length + newTokens, source: opening.tokens.length });
    try {
      if (model.decoder.encoder) await readSources(model, state.tensors, [opening.tokens]);
      return new DeviceText(model, step, state, tokens);
    } catch (error) {
      state.release();
      throw error;
    }
  }

  with(tokens: readonly number[]): number[] {
    return [...this.beginning, ...tokens];
  }

  async logits(tokens: readonly number[], told: number): Promise<Float32Array[]> {
    const logits = onHost(this.port, told);
    await this.run(tokens, told, logits);
    return rowsOf(logits);
  }

  /** The same [told, vocabulary] for whoever uses them on the device, and no longer than that. */
  async held(tokens: readonly number[], told: number, use: (logits: DeviceTensor) => Promise<void>): Promise<void> {
    const { memory } = this.model;
    const logits = memory.make(this.port.dtype, [told, this.port.shape[1] as number]);
    try {
      await this.run(tokens, told, logits);
      await use(logits);
    } finally {
      memory.release(logits);
    }
  }

  private get port(): Port {
    return this.step.program.graph.outputs.find(({ name }) => name === 'logits')!;
  }

  private async run(tokens: readonly number[], told: number, logits: Tensor | DeviceTensor): Promise<void> {
    const { model, step: { program, kept } } = this;
    const text = this.with(tokens);
    const start = startOf(this.known, text, told, model.decoder);
    // What convolutions have seen is of another text.
    if (start === 0 && this.known.length > 0) this.state.clear();
    const { tensors } = this.state;
    const bound = program.bind({
      ...feedsOf([{ start, tokens: text.slice(start) }], told), ...Object.fromEntries(kept.map(({ port: { name } }) => [name, tensors[name]!])), ...model.read(program),
    }, { logits, ...Object.fromEntries(kept.flatMap(({ port, output }) => (output ? [[output, tensors[port.name]!] as const] : []))) });
    try {
      await bound.run();
    } finally {
      bound.release();
    }
    this.known = text;
  }

  release(): void {
    this.state.release();
  }
}
