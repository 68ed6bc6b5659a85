import { alignedHead } from '../distill/aligned-head.ts';
import { layOut, learnedPlaces, type MicroBatch, type TrainingExample } from '../distill/batch.ts';
import type { Head } from '../distill/head.ts';
import type { Teacher } from '../distill/teacher.ts';
import type { Decoder } from '../nn/decoder.ts';
import { float32, type Tensor } from '../runtime/tensor.ts';
import type { Alignment } from '../text/aligned/alignment.ts';
import type { Keeper } from './keeper.ts';

/** A student's text as it is asked about. */
interface Asked {
  /** Null where there is nothing to ask. */
  text: TrainingExample | null;
  /** Which of the learned places have an answer, 1 or 0 each; the answers come in their order. */
  compared: Uint8Array;
}

/**
 * A teacher that has another tokenizer than the student. It reads the same text in its own tokens, with its own special
 * ones around it, and answers where both texts have a boundary at the same byte (`alignedHead`).
 */
export class AlignedTeacher implements Teacher, Keeper {
  readonly decoder: Head['decoder'];
  readonly weights: Head['weights'];
  private readonly inner: Teacher;
  private readonly keeper: Keeper | null;
  private readonly model: Pick<Decoder, 'encoder' | 'contextLength'>;
  private readonly alignment: Alignment;
  /** By a text's completion, which is never changed. */
  private readonly known = new WeakMap<Int32Array, { of: TrainingExample; asked: Asked }>();

  /** @param inner  the teacher for texts in its own tokens @param keeper  who keeps what it thinks of these; null where nobody does @param model  what it is */
  constructor(inner: Teacher, keeper: Keeper | null, model: Pick<Decoder, 'encoder' | 'contextLength'>, alignment: Alignment, lossTemperature: number) {
    this.inner = inner;
    this.keeper = keeper;
    this.model = model;
    this.alignment = alignment;
    ({ decoder: this.decoder, weights: this.weights } = alignedHead(inner, alignment.families, lossTemperature));
  }

  compared(text: TrainingExample): Uint8Array {
    return this.asked(text).compared;
  }

  async hidden({ bucket, spans }: MicroBatch): Promise<Tensor> {
    const [width, own] = [this.decoder.hiddenSize, this.inner.decoder.hiddenSize];
    const rows = new Float32Array(bucket.positions * width);
    const wanted = spans.flatMap(({ text, start }) => {
      const { text: asked, compared } = this.asked(text);
      return asked ? [{ asked, places: Array.from(compared, (is, at) => (is ? start + at : -1)).filter((place) => place >= 0) }] : [];
    });
    for (const batch of layOut(wanted.map(({ asked }) => asked), wanted.length, 'token', this.model.encoder)) {
      const states = (await this.inner.hidden(batch)).data as Float32Array;
      for (const { example, start } of batch.spans) {
        wanted[example]!.places.forEach((place, at) => {
          rows.set(states.subarray((start + at) * own, (start + at + 1) * own), place * width);
          rows[place * width + own] = 1;
        });
      }
    }
    return float32(rows, [bucket.positions, width]);
  }

  async keep(texts: readonly TrainingExample[], options: Parameters<Keeper['keep']>[1] = {}): Promise<void> {
    await this.keeper?.keep(texts.flatMap((text) => this.asked(text).text ?? []), options);
  }

  rest(): Promise<void> {
    return this.inner.rest();
  }

  release(): Promise<void> {
    return this.inner.release();
  }

  private asked(text: TrainingExample): Asked {
    const known = this.known.get(text.completion);
    if (known && known.of.prompt === text.prompt && known.of.learned === text.learned && known.of.isOnPolicy === text.isOnPolicy) return known.asked;
    const asked = this.ask(text);
    this.known.set(text.completion, { of: text, asked });
    return asked;
  }

  private ask(text: TrainingExample): Asked {
    const { tokens, places } = this.alignment.align(text.completion);
    const prompt = this.alignment.promptOf(text.prompt);
    const { encoder, contextLength } = this.model;
    const before = encoder ? 1 : prompt.length;
    const room = (contextLength ?? Infinity) - before;
    const wanted = learnedPlaces(text).map((place) => places[place]!);
    // What follows a place is asked of the token before it.
    const compared = Uint8Array.from(wanted, (place) => Number(place >= 0 && place <= room && before + place > 0));
    const asked = wanted.filter((_, at) => compared[at] === 1);
    const last = asked.at(-1);
    if (last === undefined) return { text: null, compared };
    const completion = tokens.slice(0, last + 1);
    const learned = new Uint8Array(completion.length);
    for (const place of asked) learned[place] = 1;
    return { text: { index: text.index, prompt, completion, learned, isOnPolicy: text.isOnPolicy }, compared };
  }
}
