import type { Field } from '../pipeline/field.ts';
import { Bpe } from './bpe.ts';
import type { TokenModel } from './token-model.ts';
import { Unigram } from './unigram.ts';
import { WordLevel } from './word-level.ts';
import { WordPiece } from './word-piece.ts';

const MODELS = { BPE: Bpe, Unigram, WordPiece, WordLevel } as const;

/** Reads the field `model`. */
export function readModel(field: Field): TokenModel {
  const named = field.at('type');
  const type = named.value === undefined ? typeOf(field) : Object.keys(MODELS).find((one) => one === named.value);
  return type === undefined ? field.refuse('is none of BPE, Unigram, WordPiece and WordLevel') : new MODELS[type as keyof typeof MODELS](field);
}

/** Files from before `type` are known by what they hold. */
function typeOf(field: Field): keyof typeof MODELS | undefined {
  const model = field.object();
  if (Array.isArray(model['vocab'])) return 'Unigram';
  if ('merges' in model) return 'BPE';
  if ('continuing_subword_prefix' in model && 'max_input_chars_per_word' in model) return 'WordPiece';
  return 'unk_token' in model ? 'WordLevel' : undefined;
}
