/**
 * Porter's stemmer with NLTK's extensions, which is what rouge-score uses, and so what published ROUGE figures stand on.
 * Martin Porter, "An algorithm for suffix stripping", 1980; the steps have its names. Words are in lower case.
 */
type Condition = (stem: string) => boolean;
type Rule = readonly [suffix: string, replacement: string, condition: Condition];

const IRREGULAR = new Map(Object.entries({
  sky: 'sky', skies: 'sky', dying: 'die', lying: 'lie', tying: 'tie', news: 'news', innings: 'inning', inning: 'inning',
  outings: 'outing', outing: 'outing', cannings: 'canning', canning: 'canning', howe: 'howe', proceed: 'proceed', exceed: 'exceed', succeed: 'succeed',
}));

export function stem(word: string): string {
  const irregular = IRREGULAR.get(word);
  if (irregular !== undefined) return irregular;
  if (word.length <= 2) return word;
  return [step1a, step1b, step1c, step2, step3, step4, step5a, step5b].reduce((form, step) => step(form), word);
}

const always: Condition = () => true;
const measureOver = (least: number): Condition => (stemmed) => measure(stemmed) > least;
const rules = (condition: Condition, pairs: readonly (readonly [string, string])[]): Rule[] =>
  pairs.map(([suffix, replacement]) => [suffix, replacement, condition]);

const STEP_1A = rules(always, [['sses', 'ss'], ['ies', 'i'], ['ss', 'ss'], ['s', '']]);
const STEP_1B_TIDY = rules(always, [['at', 'ate'], ['bl', 'ble'], ['iz', 'ize']]);
const STEP_2 = rules(measureOver(0), [
  ['ational', 'ate'], ['tional', 'tion'], ['enci', 'ence'], ['anci', 'ance'], ['izer', 'ize'], ['bli', 'ble'], ['alli', 'al'],
  ['entli', 'ent'], ['eli', 'e'], ['ousli', 'ous'], ['ization', 'ize'], ['ation', 'ate'], ['ator', 'ate'], ['alism', 'al'],
  ['iveness', 'ive'], ['fulness', 'ful'], ['ousness', 'ous'], ['aliti', 'al'], ['iviti', 'ive'], ['biliti', 'ble'], ['fulli', 'ful'],
]);
// Here the measure counts the l as well.
const LOGI: Rule = ['logi', 'log', (stemmed) => measure(`${stemmed}l`) > 0];
const STEP_3 = rules(measureOver(0), [['icate', 'ic'], ['ative', ''], ['alize', 'al'], ['iciti', 'ic'], ['ical', 'ic'], ['ful', ''], ['ness', '']]);
const STEP_4: Rule[] = [
  ...rules(measureOver(1), ['al', 'ance', 'ence', 'er', 'ic', 'able', 'ible', 'ant', 'ement', 'ment', 'ent'].map((suffix) => [suffix, ''])),
  ['ion', '', (stemmed) => measure(stemmed) > 1 && /[st]$/.test(stemmed)],
  ...rules(measureOver(1), ['ou', 'ism', 'ate', 'iti', 'ous', 'ive', 'ize'].map((suffix) => [suffix, ''])),
];

/** The first rule whose suffix the word has decides, even where its condition then fails. */
function apply(word: string, list: readonly Rule[]): string {
  const rule = list.find(([suffix]) => word.endsWith(suffix));
  if (!rule) return word;
  const [suffix, replacement, condition] = rule;
  const stemmed = word.slice(0, word.length - suffix.length);
  return condition(stemmed) ? stemmed + replacement : word;
}

function step1a(word: string): string {
  return word.length === 4 && word.endsWith('ies') ? word.slice(0, -1) : apply(word, STEP_1A);
}

function step1b(word: string): string {
  if (word.endsWith('ied')) return word.slice(0, word.length === 4 ? -1 : -2);
  if (word.endsWith('eed')) return measure(word.slice(0, -3)) > 0 ? word.slice(0, -1) : word;
  const suffix = ['ed', 'ing'].find((end) => word.endsWith(end) && hasVowel(word.slice(0, -end.length)));
  if (suffix === undefined) return word;
  const stemmed = word.slice(0, -suffix.length);
  const tidied = apply(stemmed, STEP_1B_TIDY);
  if (tidied !== stemmed) return tidied;
  if (endsWithDoubleConsonant(stemmed)) return /[lsz]$/.test(stemmed) ? stemmed : stemmed.slice(0, -1);
  return measure(stemmed) === 1 && endsShort(stemmed) ? `${stemmed}e` : stemmed;
}

function step1c(word: string): string {
  const stemmed = word.slice(0, -1);
  return word.endsWith('y') && stemmed.length > 1 && consonants(stemmed).at(-1) ? `${stemmed}i` : word;
}

function step2(word: string): string {
  if (word.endsWith('alli') && measure(word.slice(0, -4)) > 0) return step2(word.slice(0, -2));
  return apply(word, [...STEP_2, LOGI]);
}

function step3(word: string): string {
  return apply(word, STEP_3);
}

function step4(word: string): string {
  return apply(word, STEP_4);
}

function step5a(word: string): string {
  if (!word.endsWith('e')) return word;
  const stemmed = word.slice(0, -1);
  const size = measure(stemmed);
  return size > 1 || (size === 1 && !endsShort(stemmed)) ? stemmed : word;
}

function step5b(word: string): string {
  return word.endsWith('ll') && measure(word.slice(0, -1)) > 1 ? word.slice(0, -1) : word;
}

/** Whether each letter is a consonant; a y is one where the letter before it is none. */
function consonants(word: string): boolean[] {
  const flags: boolean[] = [];
  for (const letter of word) flags.push(letter === 'y' ? !flags.at(-1) : !'aeiou'.includes(letter));
  return flags;
}

/** Porter's m: how often a consonant follows a vowel. */
function measure(stemmed: string): number {
  const flags = consonants(stemmed);
  return flags.filter((isConsonant, at) => isConsonant && at > 0 && !flags[at - 1]).length;
}

function hasVowel(stemmed: string): boolean {
  return consonants(stemmed).includes(false);
}

function endsWithDoubleConsonant(word: string): boolean {
  return word.length >= 2 && word.at(-1) === word.at(-2) && consonants(word).at(-1) === true;
}

/** Porter's *o: consonant, vowel, consonant other than w, x, y; or, for NLTK, a word of just vowel and consonant. */
function endsShort(word: string): boolean {
  const flags = consonants(word);
  const [third, second, last] = [flags.at(-3), flags.at(-2), flags.at(-1)];
  if (word.length === 2) return !second && last === true;
  return third === true && second === false && last === true && !/[wxy]$/.test(word);
}
