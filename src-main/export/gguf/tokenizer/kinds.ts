import { Problem } from '../../../contract/problem.ts';
import { isJsonObject, type JsonObject } from '../../../files/json-object.ts';
import type { Tokenizer } from '../../../text/tokenizer/tokenizer.ts';
import { bool, f32s, i32s, text, texts, u8s, type KeyValues, type TypedValue } from '../key-values.ts';
import { preTokenizerName } from './pre-name.ts';
import { listTokens, TYPE, type Listed } from './tokens.ts';

interface Source { readonly tokenizer: Tokenizer; /** `tokenizer.json`, and where it is. */ readonly json: JsonObject; readonly file: string; readonly rows: number }

/** The vocabulary by llama.cpp's kinds of tokenizer, without the special tokens' ids. @throws Problem for a kind that it does not have */
export function describeVocabulary(source: Source): KeyValues {
  const { tokenizer, json, file } = source;
  const model = isJsonObject(json['model']) ? json['model'] : {};
  if (tokenizer.kind === 'byte-level BPE') return byteLevel(source, model);
  if (tokenizer.kind === 'BPE' && model['byte_fallback'] === true) return sentencePiece(source);
  if (tokenizer.kind === 'Unigram') return unigram(source, model);
  throw new Problem(`${file} is a tokenizer of the kind ${tokenizer.kind}, which llama.cpp does not have for such models.`, { hint: 'Export the model as ONNX or safetensors.' });
}

function vocabulary(kind: string, pre: string, tokens: readonly Listed[]): KeyValues {
  return {
    'tokenizer.ggml.model': text(kind), 'tokenizer.ggml.pre': text(pre),
    'tokenizer.ggml.tokens': texts(tokens.map((token) => token.text)), 'tokenizer.ggml.token_type': i32s(tokens.map(({ type }) => type)),
  };
}

function byteLevel({ tokenizer, json, file, rows }: Source, model: JsonObject): KeyValues {
  const pre = preTokenizerName(json, file);
  if (pre === null) {
    throw new Problem(`${file} splits texts as nothing that llama.cpp knows, so a GGUF file of this model would read its prompts wrongly.`, { hint: 'Export it as ONNX or safetensors.' });
  }
  const tokens = listTokens(tokenizer, rows, () => TYPE.normal);
  // A space within a token of a merge is written as the byte alphabet has it.
  const merges = mergesOf(model).map((pair) => pair.map((part) => part.replaceAll(' ', '\u0120')).join(' '));
  return { ...vocabulary('gpt2', pre, tokens), 'tokenizer.ggml.merges': texts(merges) };
}

/** SentencePiece's BPE. Its scores are ranks: the piece that is joined first has the highest. */
function sentencePiece({ tokenizer, json, rows }: Source): KeyValues {
  const model = json['model'] as JsonObject;
  const unknown = model['unk_token'];
  const tokens = listTokens(tokenizer, rows, (token) => (/^<0x[0-9A-Fa-f]{2}>$/.test(token) ? TYPE.byte : token === unknown ? TYPE.unknown : TYPE.normal))
    .map((token) => (token.text === unknown ? { ...token, type: TYPE.unknown } : token));
  const ranks = new Map<string, number>();
  for (const pair of mergesOf(model)) {
    const piece = pair.join('');
    if (!ranks.has(piece)) ranks.set(piece, ranks.size);
  }
  let rest = ranks.size;
  const scores = tokens.map(({ text: token, type }) => {
    if (type === TYPE.control || type === TYPE.userDefined) return -1000;
    if (type !== TYPE.normal) return 0;
    return -(ranks.get(token) ?? rest++);
  });
  return { ...vocabulary('llama', 'default', tokens), 'tokenizer.ggml.scores': f32s(scores), 'tokenizer.ggml.add_space_prefix': bool(addsSpace(tokenizer)) };
}

function unigram({ tokenizer, json, rows }: Source, model: JsonObject): KeyValues {
  const unknown = model['unk_id'];
  const entries = model['vocab'] as readonly (readonly [string, number])[];
  const tokens = listTokens(tokenizer, rows, (token, id) => (id === unknown ? TYPE.unknown : /^<0x[0-9A-Fa-f]{2}>$/.test(token) ? TYPE.byte : TYPE.normal))
    .map((token, id) => (id === unknown ? { ...token, type: TYPE.unknown } : token));
  const normalizers = flatten(json['normalizer'], 'normalizers');
  const charsmap = normalizers.find(({ type }) => type === 'Precompiled')?.['precompiled_charsmap'];
  return {
    ...vocabulary('t5', 'default', tokens),
    'tokenizer.ggml.scores': f32s(tokens.map((_, id) => entries[id]?.[1] ?? -10000)),
    'tokenizer.ggml.add_space_prefix': bool(addsSpace(tokenizer)),
    'tokenizer.ggml.remove_extra_whitespaces': bool(tokenizer.encode('a  b', { special: false }).join() === tokenizer.encode('a b', { special: false }).join()),
    ...(typeof charsmap === 'string' && { 'tokenizer.ggml.precompiled_charsmap': u8s([...Buffer.from(charsmap, 'base64')]) satisfies TypedValue }),
  };
}

/** Whether a text begins with the mark of a space that is not written. */
const addsSpace = (tokenizer: Tokenizer): boolean => tokenizer.tokenOf(tokenizer.encode('a', { special: false })[0] ?? -1)?.startsWith('\u2581') ?? false;

/** The two parts of each rule, in either spelling. */
function mergesOf(model: JsonObject): string[][] {
  const merges = (model['merges'] ?? []) as readonly (string | string[])[];
  return merges.map((merge) => (typeof merge === 'string' ? merge.split(' ') : merge));
}

function flatten(value: unknown, list: string): JsonObject[] {
  if (!isJsonObject(value)) return [];
  return Array.isArray(value[list]) ? value[list].flatMap((item) => flatten(item, list)) : [value];
}
