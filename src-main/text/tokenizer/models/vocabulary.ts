import type { Field } from '../pipeline/field.ts';

/** No embedding has more rows, and a larger id would only cost memory: 16,777,216. */
const ID_LIMIT = 2 ** 24;

/** Which token has which id, both ways. */
export interface Vocabulary {
  readonly ids: ReadonlyMap<string, number>;
  /** Tokens by id; undefined where no token has the id. */
  readonly tokens: readonly (string | undefined)[];
}

/** Reads an object of ids by token. */
export function readVocabulary(field: Field): Vocabulary {
  const entries = Object.entries(field.object());
  const ids = new Map<string, number>();
  const tokens: (string | undefined)[] = [];
  for (const [token, id] of entries) {
    checkId(id, field, token);
    if (tokens[id] !== undefined) field.refuse(`gives the id ${id} to both ${JSON.stringify(tokens[id])} and ${JSON.stringify(token)}`);
    while (tokens.length < id) tokens.push(undefined);
    tokens[id] = token;
    ids.set(token, id);
  }
  return { ids, tokens };
}

export function checkId(id: unknown, field: Field, token: string): asserts id is number {
  if (!Number.isInteger(id) || (id as number) < 0 || (id as number) >= ID_LIMIT) {
    field.refuse(`gives ${JSON.stringify(token)} the id ${JSON.stringify(id)}; an id is a whole number from 0 to ${ID_LIMIT - 1}`);
  }
}
