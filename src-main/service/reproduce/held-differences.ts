import type { Departure, Held } from '../../contract/reproduction.ts';

/** What the fields of a recipe lead to, as a sentence calls it. */
const CALLED: Readonly<Record<string, string>> = {
  'data.train': 'The training data', 'data.validation': 'The held-out data', 'data.shots.file': 'The file of worked examples',
  'student.model': 'The base model', 'teacher.model': 'The teacher', 'method.reward.model': 'The reward\'s model',
  'model': 'The model', 'texts': 'The file of texts that it was measured on',
};
const TOKENIZER = /^(tokenizer|special_tokens_map|added_tokens|vocab|merges|spiece|chat_template)\b/;

export const called = (field: string): string => CALLED[field.replace(/^stages\.\d+\./, '')] ?? field;

const sayOf = (field: string, name: string): string => `${called(field)}${TOKENIZER.test(name) ? '\'s tokenizer' : ''}`;
const short = (sha256: string): string => sha256.slice(0, 12);

/** In what files are not those that were noted, one sentence a file. */
export function heldDifferences(noted: readonly Held[], now: readonly Held[]): Departure[] {
  const rest = [...now];
  const departures = noted.flatMap(({ field, name, bytes, sha256 }): Departure[] => {
    // A base beneath an adapter may have files of the same names.
    const like = rest.filter((held) => held.name === name);
    const found = like.find((held) => held.sha256 === sha256) ?? like[0];
    const about = sayOf(field, name);
    if (!found) return [{ about: field, message: `${about} lacks ${name}, which was there when it was used.`, isDecisive: true }];
    rest.splice(rest.indexOf(found), 1);
    if (found.sha256 === sha256) return [];
    return [{ about: field, isDecisive: true, message: `${about} is not the one that was used: ${name} has ${found.bytes} bytes of SHA-256 ${short(found.sha256)}..., and had ${bytes} of ${short(sha256)}...` }];
  });
  return [...departures, ...rest.map(({ field, name }): Departure => ({ about: field, message: `${sayOf(field, name)} has a file ${name} that was not there when it was used.`, isDecisive: true }))];
}
