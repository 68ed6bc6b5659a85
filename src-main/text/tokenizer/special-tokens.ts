import { isJsonObject, type JsonObject } from '../../files/json-object.ts';
import type { Companions } from '../companions.ts';

export const MAP = 'special_tokens_map.json';

/** What the files beside `tokenizer.json` say about special tokens. */
export interface SpecialTokens {
  /** Tokens by their role (bos_token, eos_token, pad_token, ...), as texts. */
  readonly texts: Readonly<Record<string, string>>;
  /** The ids that end a text, the tokenizer's own first. */
  readonly eosIds: readonly number[];
  readonly bosId: number | null;
  readonly padId: number | null;
}

/** `idOf` finds a token's id. Throws a `Problem` for a file that is no JSON object. */
export async function readSpecialTokens(files: Companions, tokenizerConfig: JsonObject, idOf: (token: string) => number | undefined): Promise<SpecialTokens> {
  const texts = await readSpecialTexts(files, tokenizerConfig);
  const generation = await files.json('generation_config.json') ?? {};
  const config = await files.json('config.json') ?? {};
  const idFor = (role: string): number | null => {
    const text = texts[`${role}_token`];
    return (text === undefined ? undefined : idOf(text)) ?? idsOf(config[`${role}_token_id`])[0] ?? null;
  };

  const own = texts['eos_token'] === undefined ? undefined : idOf(texts['eos_token']);
  const named = [idsOf(generation['eos_token_id']), own === undefined ? [] : [own], idsOf(config['eos_token_id'])].find((ids) => ids.length > 0) ?? [];
  const eosIds = own !== undefined && named.includes(own) ? [own, ...named.filter((id) => id !== own)] : named;
  return { texts, eosIds, bosId: idFor('bos'), padId: idFor('pad') };
}

/** The special tokens' texts by their role. */
export async function readSpecialTexts(files: Companions, tokenizerConfig: JsonObject): Promise<SpecialTokens['texts']> {
  return textsOf(await withMap(files, tokenizerConfig));
}

/**
 * The tokenizer's config with `special_tokens_map.json` as AutoTokenizer of Transformers 5 takes the two: from before
 * `added_tokens_decoder` the map says what has which role; beside that it has no say.
 */
export async function withMap(files: Companions, tokenizerConfig: JsonObject): Promise<JsonObject> {
  return 'added_tokens_decoder' in tokenizerConfig ? tokenizerConfig : { ...tokenizerConfig, ...await files.json(MAP) };
}

/** A token stands as its text, or as an object with its `content`. */
function textsOf(values: JsonObject): Record<string, string> {
  return Object.fromEntries(Object.entries(values).flatMap(([role, value]) => {
    const text = isJsonObject(value) ? value['content'] : value;
    return role.endsWith('_token') && typeof text === 'string' ? [[role, text]] : [];
  }));
}

function idsOf(value: unknown): number[] {
  return [value].flat().filter((id): id is number => typeof id === 'number');
}
