import { join } from 'node:path';
import { readJsonFile } from '../../files/json-file.ts';
import type { JsonObject } from '../../files/json-object.ts';
import { checkId } from './models/vocabulary.ts';
import { readAddedToken, type AddedToken } from './pipeline/added-token.ts';
import type { AddedVocabulary } from './pipeline/added-vocabulary.ts';
import { Field } from './pipeline/field.ts';

const ROLES = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'];

/**
 * Adds what the files beside `tokenizer.json` say of tokens, as AutoTokenizer of Transformers 5 does: those of
 * `added_tokens_decoder` with their flags, and whatever has a role or is called special. `add_bos_token` and `add_eos_token` have
 * no say beside a `tokenizer.json`, nor has `add_prefix_space`.
 */
export async function addConfiguredTokens(folder: string, config: JsonObject, added: AddedVocabulary): Promise<void> {
  const file = new Field(config, join(folder, 'tokenizer_config.json'));
  if (file.at('split_special_tokens').flag(false)) file.at('split_special_tokens').refuse('is true, and Retort takes special tokens in a text for what they are');
  const decoder = file.at('added_tokens_decoder');
  const listed = decoder.isAbsent ? await legacyTokens(folder, added) : tokensById(decoder);
  const named = decoder.isAbsent ? new Field({ ...config, ...await readJsonFile(join(folder, 'special_tokens_map.json')) }, join(folder, 'special_tokens_map.json')) : file;
  const known = new Map([...(decoder.isAbsent ? added.tokens.values() : []), ...listed].map((token) => [token.content, token]));
  const specials = specialTokens(named, known);
  const missing = specials.filter(({ content }) => !added.ids.has(content) && !listed.some((token) => token.content === content));
  const roles = new Set(specials.map(({ content }) => content));
  added.add([...listed.filter((token) => !isSame(token, added)), ...missing].map((token) => (roles.has(token.content) ? { ...token, special: true } : token)));
}

function tokensById(field: Field): AddedToken[] {
  const ids = Object.keys(field.object()).map(Number).sort((left, right) => left - right);
  return ids.map((id) => {
    const token = readAddedToken(field.at(String(id)));
    checkId(id, field, token.content);
    return token;
  });
}

/** `added_tokens.json`, from before `added_tokens_decoder`: ids by token. */
async function legacyTokens(folder: string, added: AddedVocabulary): Promise<AddedToken[]> {
  const path = join(folder, 'added_tokens.json');
  const json = await readJsonFile(path) ?? {};
  const tokens = Object.keys(json).filter((content) => !added.ids.has(content));
  for (const content of tokens) checkId(json[content], new Field(json, path), content);
  return tokens.sort((left, right) => Number(json[left]) - Number(json[right])).map((content) => plain(content, { special: false }));
}

/** Tokens with a role, those that models name themselves (`image_token`), and more that are only called special. */
function specialTokens(file: Field, known: ReadonlyMap<string, AddedToken>): AddedToken[] {
  const config = file.object();
  const more = file.at(isFilled(config['extra_special_tokens']) ? 'extra_special_tokens' : 'additional_special_tokens');
  const own = Object.keys(config).filter((key) => key.endsWith('_token') && !ROLES.includes(key));
  const read = (field: Field): AddedToken[] => {
    if (typeof field.value === 'string') return [plain(field.value, { special: true })];
    return field.isAbsent || typeof field.value !== 'object' ? [] : [readAddedToken(field)];
  };
  const isList = Array.isArray(more.value);
  return [
    ...ROLES.flatMap((role) => read(file.at(role))).map((token) => known.get(token.content) ?? token),
    ...own.flatMap((key) => read(file.at(key))),
    ...(more.isAbsent ? [] : isList ? more.list() : Object.keys(more.object()).map((key) => more.at(key))).flatMap(read),
  ];
}

/** Whether the token is there already, flags and all. */
function isSame(token: AddedToken, added: AddedVocabulary): boolean {
  const other = added.tokens.get(added.ids.get(token.content) ?? -1);
  return other !== undefined && (Object.keys(token) as (keyof AddedToken)[]).every((key) => token[key] === other[key]);
}

function isFilled(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

function plain(content: string, { special }: { special: boolean }): AddedToken {
  return { content, singleWord: false, takesLeft: false, takesRight: false, normalized: !special, special };
}
