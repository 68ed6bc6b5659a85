import { alignedHead } from '../distill/aligned-head.ts';
import { packPlace, rowLayout, type RowLayout } from '../distill/aligned-row.ts';
import { layOut, learnedPlaces, type MicroBatch, type TrainingExample } from '../distill/batch.ts';
import type { Head } from '../distill/head.ts';
import type { Teacher } from '../distill/teacher.ts';
import type { Decoder } from '../nn/decoder.ts';
import { float32, type Tensor } from '../runtime/tensor.ts';
import type { AlignedPlace, Alignment } from '../text/aligned/alignment.ts';
import type { Keeper } from './keeper.ts';

/** A student's text as it is asked about. */
interface Asked {
  /** In the teacher's tokens; null where there is nothing to ask. */
  text: TrainingExample | null;
  /** What is known of each learned place; null where the two are not compared. */
  places: (AlignedPlace | null)[];
  /** Which those are, 1 or 0 each. */
  compared: Uint8Array;
}

/**
 * A teacher that has another tokenizer than the student. It reads the same text in its own tokens, with its own special
 * ones around it, and answers where that says how the student's text goes on (`Alignment`, `alignedHead`).
 */
export class AlignedTeacher implements Teacher, Keeper {
  readonly decoder: Head['decoder'];
  readonly weights: Head['weights'];
  private readonly inner: Teacher;
  private readonly keeper: Keeper | null;
  private readonly model: Pick<Decoder, 'encoder' | 'contextLength'>;
  private readonly alignment: Alignment;
  private readonly layout: RowLayout;
  /** By a text's completion, which is never changed. */
  private readonly known = new WeakMap<Int32Array, { of: TrainingExample; asked: Asked }>();

  /** @param inner  the teacher for texts in its own tokens @param keeper  who keeps what it thinks of these; null where nobody does @param model  what it is */
  constructor(inner: Teacher, keeper: Keeper | null, model: Pick<Decoder, 'encoder' | 'contextLength'>, alignment: Alignment, lossTemperature: number) {
    this.inner = inner;
    this.keeper = keeper;
    this.model = model;
    this.alignment = alignment;
    this.layout = rowLayout(inner.decoder.hiddenSize, alignment.families);
    ({ decoder: this.decoder, weights: this.weights } = alignedHead(inner, alignment.families, lossTemperature));
  }

  compared(text: TrainingExample): Uint8Array {
    return this.asked(text).compared;
  }

  async hidden({ bucket, spans }: MicroBatch): Promise<Tensor> {
    const { layout, inner: { decoder: { hiddenSize } }, alignment: { families: { count } } } = this;
    const rows = new Float32Array(bucket.positions * layout.width);
    const wanted = spans.flatMap(({ text, start }) => {
      const { text: asked, places } = this.asked(text);
      return asked ? [{ asked, places, start }] : [];
    });
    for (const batch of layOut(wanted.map(({ asked }) => asked), wanted.length, 'token', this.model.encoder)) {
      const states = (await this.inner.hidden(batch)).data as Float32Array;
      for (const { example, text, start } of batch.spans) {
        const { places, start: first } = wanted[example]!;
        const rowOf = new Map(learnedPlaces(text).map((place, at) => [place, start + at]));
        const stateAt = (place: number): Float32Array => states.subarray(rowOf.get(place)! * hiddenSize, (rowOf.get(place)! + 1) * hiddenSize);
        places.forEach((place, at) => {
          if (place) packPlace(rows.subarray((first + at) * layout.width, (first + at + 1) * layout.width), layout, place, count, stateAt);
        });
      }
    }
    return float32(rows, [bucket.positions, layout.width]);
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
    const { tokens, places: all } = this.alignment.align(text.completion);
    const prompt = this.alignment.promptOf(text.prompt);
    const { encoder, contextLength } = this.model;
    const before = encoder ? 1 : prompt.length;
    const room = (contextLength ?? Infinity) - before;
    // What follows a place is asked of the token before it.
    const canAsk = (place: number): boolean => place <= room && before + place > 0;
    const places = learnedPlaces(text).map((at) => all[at]!).map((place) => (place && needed(place).every(canAsk) ? place : null));
    const compared = Uint8Array.from(places, (place) => Number(place !== null));
    const asked = [...new Set(places.flatMap((place) => (place ? needed(place) : [])))];
    if (asked.length === 0) return { text: null, places, compared };
    const completion = tokens.slice(0, Math.max(...asked) + 1);
    const learned = new Uint8Array(completion.length);
    for (const place of asked) learned[place] = 1;
    return { text: { index: text.index, prompt, completion, learned, isOnPolicy: text.isOnPolicy }, places, compared };
  }
}

/** The places in the teacher's text whose hidden states tell of one in the student's. */
const needed = ({ next, across }: AlignedPlace): number[] => [...(next === null ? [] : [next]), ...(across ? [across.from] : [])];
