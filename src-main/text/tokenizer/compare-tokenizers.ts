import type { Tokenizer } from './tokenizer.ts';

const SHOWN = 5;

/**
 * The first differences between two tokenizers, in words; none if the same ids mean the same texts to both. Added tokens
 * behind the last id of the other are no difference, nor are the widths of the embeddings, the tokens' roles and templates.
 */
export function compareTokenizers(first: Tokenizer, second: Tokenizer): string[] {
  const differences: string[] = [];
  const shared = Math.min(first.vocabularySize, second.vocabularySize);
  const added = new Set([...first.addedIds(), ...second.addedIds()]);
  for (let id = 0; id < Math.max(first.vocabularySize, second.vocabularySize) && differences.length < SHOWN; id++) {
    const [left, right] = [first.tokenOf(id), second.tokenOf(id)];
    if (left !== right && (id < shared || !added.has(id))) differences.push(`id ${id} is ${show(left)} in one and ${show(right)} in the other`);
  }
  differences.push(...compareMerges(first.merges(), second.merges()));
  const [left, right] = [new Set(first.specialIds()), new Set(second.specialIds())];
  for (const id of [...left, ...right].filter((id) => id < shared && left.has(id) !== right.has(id))) {
    differences.push(`id ${id}, ${show(first.tokenOf(id) ?? second.tokenOf(id))}, is a special token in one only`);
  }
  return differences.slice(0, SHOWN);
}

function compareMerges(left: readonly string[], right: readonly string[]): string[] {
  const at = left.findIndex((merge, rank) => merge !== right[rank]);
  const rank = at < 0 && left.length < right.length ? left.length : at;
  return rank < 0 ? [] : [`merge ${rank} is ${show(left[rank])} in one and ${show(right[rank])} in the other`];
}

function show(text: string | undefined): string {
  return text === undefined ? 'missing' : JSON.stringify(text);
}
