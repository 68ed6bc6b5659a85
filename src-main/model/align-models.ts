import { Alignment } from '../text/aligned/alignment.ts';
import { familiesOf, type Families } from '../text/aligned/families.ts';
import { Vocabulary } from '../text/aligned/vocabulary.ts';
import { endOfTurn } from '../text/chat/chat-end.ts';
import { loadChatTemplate } from '../text/chat/chat-template.ts';
import type { Model } from './load-model.ts';

/** Two vocabularies side by side: working that out takes seconds where they are large. */
interface Compared { student: Vocabulary; teacher: Vocabulary; families: Families }

const KEPT = 2;
/** By what they depend on; what was used last stands last. */
const kept = new Map<string, Compared>();

/**
 * What two models with different tokenizers have in common.
 * @param isChat  their texts are chats, which each writes by its own template. @throws Problem where one of them has none
 */
export async function alignModels(student: Model, teacher: Model, isChat: boolean): Promise<Alignment> {
  const models = [student, teacher];
  const ends = await Promise.all(models.map((model) => endsOf(model, isChat)));
  const sizes = models.map(({ decoder, tokenizer }) => Math.min(decoder.vocabSize, tokenizer.vocabularySize));
  const key = JSON.stringify([models.map(({ tokenizer }) => tokenizer.identity), ends, sizes]);
  const vocabulary = (at: 0 | 1): Vocabulary => new Vocabulary(models[at]!.tokenizer, sizes[at]!, ends[at]!);
  const compared = kept.get(key) ?? compare(vocabulary(0), vocabulary(1));
  kept.delete(key);
  kept.set(key, compared);
  for (const oldest of kept.keys()) {
    if (kept.size <= KEPT) break;
    kept.delete(oldest);
  }
  const side = ({ tokenizer }: Model, own: Vocabulary): ConstructorParameters<typeof Alignment>[0] => ({
    vocabulary: own,
    encoder: {
      decode: (ids) => tokenizer.decode(ids, { skipSpecial: false }),
      encodePrompt: (text) => tokenizer.encode(text, { special: true }),
      specialIds: new Set(tokenizer.specialIds()),
    },
  });
  return new Alignment(side(student, compared.student), side(teacher, compared.teacher), compared.families);
}

const compare = (student: Vocabulary, teacher: Vocabulary): Compared => ({ student, teacher, families: familiesOf(student, teacher) });

/** Tokens that end a model's texts, the one behind an answer first where these are chats. */
async function endsOf({ tokenizer, folder }: Model, isChat: boolean): Promise<number[]> {
  const turn = isChat ? endOfTurn(await loadChatTemplate(folder.companions), tokenizer) : null;
  return [...new Set([...(turn === null ? [] : [turn]), ...tokenizer.eosIds])];
}
