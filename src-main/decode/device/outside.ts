import type { Tensor } from '../../runtime/tensor.ts';
import { beginning, type Opening, type SessionSize } from '../opening.ts';
import type { GrowingTexts } from '../engine.ts';
import type { DeviceModel } from './device-model.ts';
import { DeviceSession } from './device-session.ts';

/** Texts that grow on a device by tokens chosen outside: of each step logits come to the host. */
export class ToldTexts implements GrowingTexts {
  private readonly session: DeviceSession;
  private texts: (readonly number[])[];

  private constructor(session: DeviceSession, texts: (readonly number[])[]) {
    this.session = session;
    this.texts = texts;
  }

  static async open(model: DeviceModel, prompts: readonly Opening[], { newTokens }: SessionSize): Promise<ToldTexts> {
    return new ToldTexts(await DeviceSession.open(model, { kind: 'logits' }, prompts, { newTokens }), prompts.map((prompt) => [...beginning(model.decoder, prompt)]));
  }

  get rows(): readonly (readonly number[])[] {
    return this.texts;
  }

  run(): Promise<Readonly<Record<string, Tensor>>> {
    return this.session.run();
  }

  async take(rows: readonly number[]): Promise<void> {
    await this.session.take(rows);
    this.texts = rows.map((row) => this.texts[row]!);
  }

  feed(tokens: readonly number[]): void {
    this.session.feed(tokens);
    this.texts = this.texts.map((text, row) => [...text, tokens[row]!]);
  }

  release(): void {
    this.session.release();
  }
}
