import { version } from '../../../../package.json' with { type: 'json' };
import { text, type KeyValues } from '../../../export/gguf/key-values.ts';

/** Tokens that llama.cpp looks up in the vocabulary of a model with Phi-3 in its name; it does not open a file without them. */
const OF_PHI3 = ['</s>', '<unk>', '<s>', '<|endoftext|>'];

/** What tells a GGUF file apart. @param idOf  of a token of its vocabulary */
export function named(name: string, idOf: (token: string) => number | undefined): KeyValues {
  const isPhi3 = OF_PHI3.every((token) => idOf(token) !== undefined);
  return { 'general.name': text(isPhi3 ? name : name.replaceAll(/(phi)-?(3)/gi, '$1 $2')), 'general.quantized_by': text(`Retort ${version}`) };
}
