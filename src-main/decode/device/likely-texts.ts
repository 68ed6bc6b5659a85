import { MASKED } from '../../nn/attention/core.ts';
import type { NextLogprobs } from '../beam-search.ts';
import type { Opening } from '../opening.ts';
import type { BeamTexts } from '../generate-beams.ts';
import type { DeviceModel } from './device-model.ts';
import { DeviceSession } from './device-session.ts';
import type { Told } from './step-graph.ts';

/** Texts of a beam search on a device: of each step the likeliest tokens come to the host, which chooses among all beams. */
export class LikelyTexts implements BeamTexts {
  private readonly session: DeviceSession;

  private constructor(session: DeviceSession) {
    this.session = session;
  }

  static async open(model: DeviceModel, told: Extract<Told, { kind: 'likely' }>, prompts: readonly Opening[], newTokens: number): Promise<LikelyTexts> {
    return new LikelyTexts(await DeviceSession.open(model, told, prompts, { newTokens }));
  }

  async likely(): Promise<readonly NextLogprobs[]> {
    const { tokens, logprobs } = await this.session.run();
    const [rows, count] = tokens!.shape as [number, number];
    return Array.from({ length: rows }, (_, row) => {
      const pairs = Array.from({ length: count }, (_unused, place): [number, number] => [Number(tokens!.data[row * count + place]), Number(logprobs!.data[row * count + place])])
        .filter(([, logprob]) => logprob > MASKED / 2).sort(([one], [other]) => one - other);
      return { ids: pairs.map(([id]) => id), logprobs: pairs.map(([, logprob]) => logprob) };
    });
  }

  take(rows: readonly number[]): Promise<void> {
    return this.session.take(rows);
  }

  feed(tokens: readonly number[]): void {
    this.session.feed(tokens);
  }

  release(): void {
    this.session.release();
  }
}
