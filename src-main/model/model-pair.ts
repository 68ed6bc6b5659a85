import { Problem } from '../contract/problem.ts';
import { compareTokenizers } from '../text/tokenizer/compare-tokenizers.ts';
import { openWholeModel, type Model } from './load-model.ts';

/** Two models of which one may learn from the other, whatever their tokens are. */
export interface AnyPair {
  student: Model;
  teacher: Model;
  /** Whether the same ids mean the same texts to both. */
  hasSameTokens: boolean;
}

export interface ModelPair {
  student: Model;
  teacher: Model;
  /** Ids below this are known to both tokenizers and both embeddings. */
  sharedVocabulary: number;
}

/** Opens a student and its teacher. @throws Problem where their tokenizers differ. */
export async function openPair(student: string, teacher: string): Promise<ModelPair> {
  return pair(await openWholeModel(student), await openWholeModel(teacher));
}

export function pair(student: Model, teacher: Model): ModelPair {
  const differences = compareTokenizers(teacher.tokenizer, student.tokenizer);
  if (differences.length > 0) {
    throw new Problem(`Teacher and student have different tokenizers: ${differences.slice(0, 3).join('; ')}.`, {
      hint: 'Choose models of one family, or make the student from the teacher: retort model make-student.',
    });
  }
  refuseKinds(student, teacher);
  return { student, teacher, sharedVocabulary: sharedVocabulary([student, teacher]) };
}

/** @throws Problem where one of the two has an encoder and the other has none */
export function anyPair(student: Model, teacher: Model): AnyPair {
  refuseKinds(student, teacher);
  return { student, teacher, hasSameTokens: compareTokenizers(teacher.tokenizer, student.tokenizer).length === 0 };
}

function refuseKinds(student: Model, teacher: Model): void {
  if ((teacher.decoder.encoder === null) !== (student.decoder.encoder === null)) {
    const [reads, writes] = teacher.decoder.encoder ? ['teacher', 'student'] : ['student', 'teacher'];
    throw new Problem(`The ${reads} is an encoder-decoder and the ${writes} is a decoder alone: one cannot learn from the other.`, {
      hint: 'Choose two models of one kind, or make the student from the teacher: retort model make-student.',
    });
  }
}

/** Embeddings are padded to different widths; the ids that all models and tokenizers have are what counts. */
export function sharedVocabulary(models: readonly Model[]): number {
  return Math.min(...models.flatMap(({ decoder, tokenizer }) => [decoder.vocabSize, tokenizer.vocabularySize]));
}

/** Says which tokens only one of the two tokenizers knows; null where both know the same. */
export function unsharedTokens({ teacher, student }: Pick<ModelPair, 'teacher' | 'student'>): string | null {
  const [large, small] = [teacher.tokenizer.vocabularySize, student.tokenizer.vocabularySize];
  if (large === small) return null;
  const [more, less] = large > small ? ['teacher', 'student'] : ['student', 'teacher'];
  const [from, to] = [Math.min(large, small), Math.max(large, small) - 1];
  const what = from === to ? `1 token (id ${from})` : `${to - from + 1} tokens (ids ${from} to ${to})`;
  return `The ${more} knows ${what} that the ${less} does not: the two are compared over the ${from} tokens that they share.`;
}
