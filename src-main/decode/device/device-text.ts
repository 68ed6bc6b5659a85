import { rowsOf } from '../choose.ts';
import { beginning, type Opening } from '../opening.ts';
import type { OneText } from '../engine.ts';
import { feedsOf } from '../feeds.ts';
import { startOf } from '../host-text.ts';
import type { DeviceModel, Step } from './device-model.ts';
import { onHost } from './on-host.ts';
import { readSources } from './read-sources.ts';
import { TextsState } from './texts-state.ts';

/** One text that a model on a device reads on in steps of any length: what it keeps of it stays there, logits come to the host. */
export class DeviceText implements OneText {
  private readonly model: DeviceModel;
  private readonly step: Step;
  private readonly state: TextsState;
  private readonly beginning: readonly number[];
  /** The tokens whose keys and values the device holds. */
  private held: readonly number[] = [];

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
    const { model, step: { program, kept } } = this;
    const text = this.with(tokens);
    const start = startOf(this.held, text, told, model.decoder);
    // What convolutions have seen is of another text.
    if (start === 0 && this.held.length > 0) this.state.clear();
    const { tensors } = this.state;
    const logits = onHost(program.graph.outputs.find(({ name }) => name === 'logits')!, told);
    const bound = program.bind({
      ...feedsOf([{ start, tokens: text.slice(start) }], told), ...Object.fromEntries(kept.map(({ port: { name } }) => [name, tensors[name]!])), ...model.read(program),
    }, { logits, ...Object.fromEntries(kept.flatMap(({ port, output }) => (output ? [[output, tensors[port.name]!] as const] : []))) });
    try {
      await bound.run();
    } finally {
      bound.release();
    }
    this.held = text;
    return rowsOf(logits);
  }

  release(): void {
    this.state.release();
  }
}
