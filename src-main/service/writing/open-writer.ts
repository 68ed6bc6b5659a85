import type { Device } from '../../contract/divergence.ts';
import { choiceOf } from '../../decode/choose.ts';
import type { Sampling } from '../../decode/sampling.ts';
import { TextPlan, type TextWriter } from '../../decode/text-writer.ts';
import type { FrozenWeights } from '../../model/frozen/open-frozen.ts';
import { executorFor, openWeights, openWholeModel, type Model } from '../../model/load-model.ts';
import type { WritingModel } from '../../decode/speculative-writer.ts';

/** A model that is open to write: its weights are read once, whatever it is asked. */
export class OpenWriter {
  readonly model: Model;
  private readonly writing: WritingModel & Pick<FrozenWeights, 'release'>;
  private last: { key: string; writer: TextWriter } | null = null;

  private constructor(model: Model, writing: OpenWriter['writing']) {
    this.model = model;
    this.writing = writing;
  }

  static async open(path: string, device: Device): Promise<OpenWriter> {
    const model = await openWholeModel(path);
    const executor = executorFor(device);
    return new OpenWriter(model, { executor, ...await openWeights(model, executor) });
  }

  /**
   * What writes texts of at most so many tokens by a sampling; that of the last question where it serves this one too.
   * It lives until the next one is asked for.
   */
  async writer(maxLength: number, sampling: Sampling): Promise<TextWriter> {
    const { tokenizer, decoder } = this.model;
    // A conversation grows turn by turn: the next few shall find their writer.
    const room = Math.min(2 ** Math.ceil(Math.log2(maxLength)), Math.max(maxLength, decoder.contextLength ?? Infinity));
    const choice = choiceOf(sampling);
    const key = `${room} ${choice}`;
    if (this.last?.key === key) return this.last.writer;
    await this.close();
    const { executor, decoder: written, weights } = this.writing;
    const writer = await new TextPlan(executor, written, weights, { vocabulary: Math.min(decoder.vocabSize, tokenizer.vocabularySize), maxLength: room, choice }).open();
    this.last = { key, writer };
    return writer;
  }

  async release(): Promise<void> {
    await this.close();
    this.writing.release();
  }

  private async close(): Promise<void> {
    const { last } = this;
    this.last = null;
    await last?.writer.release();
  }
}
