/** A token of which a teacher's probability is known, in nats. */
export interface KnownToken { readonly id: number; readonly logprob: number }

/** The log-probability of a rest that is not there. */
const NOTHING = -1e3;
/** A sum of probabilities that were rounded to float32 is off by about so much; a smaller rest cannot be told from none. */
const ROUNDING = 2 ** -24;

/** Numbers of a row with places for so many tokens: their ids, their log-probabilities, and that of all others together. */
export const rowWidth = (known: number): number => 2 * known + 1;

/**
 * Writes down what is known at a position: the likeliest tokens, the likeliest first, and the one that is written there,
 * which may be among them. Their probabilities are over ids below `vocabulary`; what a model gives to padded ids beyond
 * belongs to no distribution, and is taken out.
 *
 * The rest is what is missing from 1, but never more than all others could have, each being at most as likely as the
 * last of the likeliest, and never less than rounding leaves of it.
 */
export function packRow(into: Float32Array, likeliest: readonly KnownToken[], written: KnownToken, vocabulary: number): void {
  const known = (into.length - 1) / 2;
  const beyond = likeliest.reduce((total, { id, logprob }) => total + (id < vocabulary ? 0 : Math.exp(logprob)), 0);
  const shift = -Math.log1p(-Math.min(beyond, 1 - ROUNDING));
  const kept = likeliest.filter(({ id }) => id < vocabulary);
  // A place that repeats a token says the same of it.
  const last = kept.find(({ id }) => id === written.id) ?? written;
  const row = [...kept.slice(0, known - 1), last];
  while (row.length < known) row.push(last);
  row.forEach(({ id, logprob }, at) => {
    into[at] = id;
    into[known + at] = logprob + shift;
  });
  const distinct = new Map(row.map(({ id, logprob }) => [id, logprob + shift]));
  const others = vocabulary - distinct.size;
  const missing = 1 - [...distinct.values()].reduce((total, logprob) => total + Math.exp(logprob), 0);
  const most = others * Math.exp((kept.at(-1)?.logprob ?? 0) + shift);
  into[2 * known] = others === 0 || most === 0 ? NOTHING : Math.log(Math.min(most, Math.max(missing, Math.min(ROUNDING, most))));
}

/** Fills rows that stand for no position: with a distribution, so that nothing is not a number there. */
export function fillUnused(rows: Float32Array, known: number): void {
  const width = rowWidth(known);
  for (let at = 0; at < rows.length; at += width) rows[at + 2 * known] = NOTHING;
}
