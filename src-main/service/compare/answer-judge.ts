import type { AnswerJudgeSettings } from '../../contract/comparison.ts';
import { layOut, type TrainingExample } from '../../distill/batch.ts';
import type { FrozenModel } from '../../distill/frozen-model.ts';
import { Judge } from '../../distill/judge.ts';
import { compareTokenizers } from '../../text/tokenizer/compare-tokenizers.ts';
import { executorFor, type Model } from '../../model/load-model.ts';
import { sharedVocabulary } from '../../model/model-pair.ts';

/** Texts judged together. */
const AT_ONCE = 8;

/** A model folder with its weights in memory. */
export interface LoadedModel { model: Model; frozen: FrozenModel }

/** Why a teacher can say nothing of a model's texts, in words; null where it can. */
export function unjudged(teacher: Model, model: Model): string | null {
  const [difference] = compareTokenizers(teacher.tokenizer, model.tokenizer);
  if (difference !== undefined) return `its tokenizer is not the teacher's: ${difference}`;
  return (teacher.decoder.encoder === null) === (model.decoder.encoder === null) ? null : 'one of the two is an encoder-decoder and the other a decoder alone';
}

/** Says how far a model is from its teacher on texts, token by token, and adds that up. */
export class AnswerJudge {
  private readonly judge: Judge;
  private readonly student: LoadedModel;
  private readonly vocabulary: number;
  private readonly contextLength: number;

  /** @param teacher  one that `unjudged` has nothing against */
  constructor(student: LoadedModel, teacher: LoadedModel, settings: AnswerJudgeSettings) {
    this.student = student;
    this.vocabulary = sharedVocabulary([student.model, teacher.model]);
    this.contextLength = Math.min(...[student, teacher].map(({ model }) => model.decoder.contextLength ?? Infinity));
    this.judge = new Judge(executorFor('cpu'), student.frozen, teacher.frozen, { ...settings, sharedVocabulary: this.vocabulary, chunk: 128 });
  }

  /** The sum of the divergence, in nats, over the tokens of each completion; null for an empty one and for what one of the two cannot read. */
  async sums(texts: readonly TrainingExample[]): Promise<(number | null)[]> {
    const places = texts.flatMap((text, at) => (this.canRead(text) ? [at] : []));
    const sums: (number | null)[] = texts.map(() => null);
    for (const batch of layOut(places.map((at) => texts[at]!), AT_ONCE, 'token', this.student.model.decoder.encoder)) {
      const divergence = (await this.judge.judge(batch))['divergence']!;
      for (const { example, start, end } of batch.spans) {
        let sum = 0;
        for (let at = start; at < end; at++) sum += Number(divergence[at]!);
        sums[places[example]!] = sum;
      }
    }
    return sums;
  }

  release(): Promise<void> {
    return this.judge.release();
  }

  private canRead({ prompt, completion }: TrainingExample): boolean {
    const isKnown = (id: number): boolean => id < this.vocabulary;
    return completion.length > 0 && prompt.length + completion.length <= this.contextLength && prompt.every(isKnown) && completion.every(isKnown);
  }
}
