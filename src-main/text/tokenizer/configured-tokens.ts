import { isJsonObject, type JsonObject } from '../../files/json-object.ts';
import type { Companions } from '../companions.ts';
import { checkId } from './models/vocabulary.ts';
import { readAddedToken, type AddedToken } from './pipeline/added-token.ts';
import type { AddedVocabulary } from './pipeline/added-vocabulary.ts';
import { Field } from './pipeline/field.ts';
import { MAP, withMap } from './special-tokens.ts';

const LEGACY = 'added_tokens.json';

const ROLES = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'];

/**
 * Adds what the files beside `tokenizer.json` say of tokens, as AutoTokenizer of Transformers 5 does: those of
 * `added_tokens_decoder` with their flags, and whatever has a role or is called special. `add_bos_token` and `add_eos_token` have
 * no say beside a `tokenizer.json`, nor has `add_prefix_space`.
 */
export async function addConfiguredTokens(files: Companions, config: JsonObject, added: AddedVocabulary): Promise<void> {
  const file = new Field(config, files.pathOf('tokenizer_config.json'));
  if (file.at('split_special_tokens').flag(false)) file.at('split_special_tokens').refuse('is true, and Retort takes special tokens in a text for what they are');
  const decoder = file.at('added_tokens_decoder');
  const listed = decoder.isAbsent ? [...await legacyTokens(files, added), ...added.tokens.values()] : tokensById(decoder);
  const roles = decoder.isAbsent ? new Field(await withMap(files, config), files.pathOf(MAP)) : file;
  const { named, more } = specialTokens(roles, new Map(listed.map((token) => [token.content, token])));
  const hasRole = new Set(named.map(({ content }) => content));
  const known = new Set([...added.ids.keys(), ...listed.map(({ content }) => content)]);
  const missing = [...named, ...more].filter(({ content }) => !known.has(content));
  added.add([...listed, ...missing].map((token) => (hasRole.has(token.content) ? { ...token, special: true } : token)));
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
async function legacyTokens(files: Companions, added: AddedVocabulary): Promise<AddedToken[]> {
  const json = await files.json(LEGACY) ?? {};
  const tokens = Object.keys(json).filter((content) => !added.ids.has(content));
  for (const content of tokens) checkId(json[content], new Field(json, files.pathOf(LEGACY)), content);
  return tokens.sort((left, right) => Number(json[left]) - Number(json[right])).map((content) => plain(content, { special: false }));
}

/** Tokens with a role or a name of the model's own (`image_token`), and `more` that are only called special. */
function specialTokens(file: Field, listed: ReadonlyMap<string, AddedToken>): { named: AddedToken[]; more: AddedToken[] } {
  const config = file.object();
  const extra = file.at(isFilled(config['extra_special_tokens']) ? 'extra_special_tokens' : 'additional_special_tokens');
  const own = Object.keys(config).filter((key) => key.endsWith('_token') && !ROLES.includes(key));
  const byName = extra.isAbsent || Array.isArray(extra.value) ? [] : Object.keys(extra.object()).map((key) => extra.at(key));
  const read = (field: Field): AddedToken[] => {
    if (typeof field.value === 'string') return [plain(field.value, { special: true })];
    return isJsonObject(field.value) ? [readAddedToken(field)] : [];
  };
  return {
    named: [...ROLES.flatMap((role) => read(file.at(role))).map((token) => listed.get(token.content) ?? token), ...[...own.map((key) => file.at(key)), ...byName].flatMap(read)],
    more: Array.isArray(extra.value) ? extra.list().flatMap(read) : [],
  };
}

function isFilled(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

function plain(content: string, { special }: { special: boolean }): AddedToken {
  return { content, singleWord: false, takesLeft: false, takesRight: false, normalized: !special, special };
}
