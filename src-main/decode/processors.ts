/**
 * Changes a text's logits [vocabulary] before its next token is chosen, in place; -Infinity takes a token out.
 * `tokens` is what the model has before it: prompt and written tokens, or of an encoder-decoder the written ones with
 * their start token. Added to a `Sampling`, applied in order; training rollouts have none, so that the student is
 * judged on what it would write by itself.
 */
export interface LogitsProcessor {
  (logits: Float32Array, tokens: readonly number[]): void;
  /** What it does, where a graph can do it as well: on a device logits need not come to the host. */
  readonly rule?: Rule;
}

export type Rule =
  | { readonly kind: 'topK'; readonly count: number }
  | { readonly kind: 'topP' | 'minP'; readonly share: number }
  | { readonly kind: 'repetition'; readonly penalty: number };

const ruled = (rule: Rule, process: LogitsProcessor): LogitsProcessor => Object.assign(process, { rule });

/** Keeps the k likeliest tokens, and those as likely as the last of them. */
export function topK(k: number): LogitsProcessor {
  return ruled({ kind: 'topK', count: k }, (logits) => {
    if (k >= logits.length) return;
    const least = Float32Array.from(logits).sort()[logits.length - k]!;
    keep(logits, (logit) => logit >= least);
  });
}

/** Keeps the likeliest tokens whose probabilities together reach `share` (Holtzman et al. 2019, nucleus sampling). */
export function topP(share: number): LogitsProcessor {
  return ruled({ kind: 'topP', share }, (logits) => {
    const probabilities = softmax(logits);
    const order = Uint32Array.from(logits, (_, id) => id).sort((a, b) => logits[b]! - logits[a]! || a - b);
    let reached = 0;
    let count = 0;
    // The token that crosses the share belongs to it.
    while (count < order.length && reached < share) reached += probabilities[order[count++]!]!;
    for (const id of order.subarray(Math.max(count, 1))) logits[id] = -Infinity;
  });
}

/** Keeps tokens at least `share` times as likely as the likeliest (Nguyen et al. 2024). */
export function minP(share: number): LogitsProcessor {
  return ruled({ kind: 'minP', share }, (logits) => {
    const least = largest(logits) + Math.log(share);
    keep(logits, (logit) => logit >= least);
  });
}

/** Makes tokens that are there already `penalty` times less likely in logits (Keskar et al. 2019). */
export function repetitionPenalty(penalty: number): LogitsProcessor {
  return ruled({ kind: 'repetition', penalty }, (logits, tokens) => {
    for (const id of new Set(tokens)) {
      if (id < logits.length) logits[id] = logits[id]! < 0 ? logits[id]! * penalty : logits[id]! / penalty;
    }
  });
}

/** Probabilities of logits, in float64. */
export function softmax(logits: Float32Array): Float64Array {
  const top = largest(logits);
  const weights = Float64Array.from(logits, (logit) => Math.exp(logit - top));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** Index of the largest; the first of several. */
export function argMax(logits: Float32Array): number {
  let best = 0;
  for (let id = 1; id < logits.length; id++) if (logits[id]! > logits[best]!) best = id;
  return best;
}

/**
 * One token by inverse CDF: how many tokens the uniform number in [0, 1) has passed.
 * @param weights  [vocabulary], in proportion to the probabilities
 */
export function draw(weights: Float64Array, uniform: number): number {
  const threshold = uniform * weights.reduce((sum, weight) => sum + weight, 0);
  let passed = 0;
  let last = 0;
  for (let id = 0; id < weights.length; id++) {
    if (weights[id] === 0) continue;
    passed += weights[id]!;
    if (threshold < passed) return id;
    last = id;
  }
  // The product may round up to the whole sum.
  return last;
}

function keep(logits: Float32Array, isKept: (logit: number) => boolean): void {
  for (let id = 0; id < logits.length; id++) if (!isKept(logits[id]!)) logits[id] = -Infinity;
}

function largest(logits: Float32Array): number {
  let top = -Infinity;
  for (const logit of logits) if (logit > top) top = logit;
  return top;
}
