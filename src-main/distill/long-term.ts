/** Log-probabilities of a text's tokens, by the student and by the teacher. */
export interface TokenLogprobs { student: Float32Array; teacher: Float32Array }

export interface LongTermSettings {
  /** The teacher's part in the mixture that the tokens were drawn from. */
  teacherMix: number;
  /** Divide what is to come by its length, so that long texts are not shunned for being long. */
  lengthNormalization: boolean;
  /** How far from 1 an importance weight may lie and still push its token further away. */
  importanceClip: number;
}

/**
 * MiniLLM's policy gradient of the reverse KL (Gu et al. 2023, arXiv 2306.08543) has two parts. The single step's, the
 * divergence at a token's own position, is exact over the vocabulary; this is the other, the long term's: what a token
 * brings on all that follow it,
 *
 *     w_t (R_(t+1) - b_t),   R_(t+1) = sum over t' > t of log p_T(y_t') / p_S(y_t'),   w_t = p_S(y_t) / p~(y_t)
 *
 * with p~ the mixture drawn from and R divided by the number of its terms where lengths are normalized. As in the
 * authors' code the weight is a token's own rather than the product of those before, and PPO's clipping bounds it. b_t is
 * the mean over the other texts at that place, which centres as their whitening does and leaves the gradient unbiased.
 *
 * @returns for each text what raising each token's log-probability is worth, before the mean over positions
 */
export function longTermAdvantages(texts: readonly TokenLogprobs[], settings: LongTermSettings): Float32Array[] {
  const all = texts.map((text) => returns(text, settings.lengthNormalization));
  return texts.map(({ student, teacher }, own) => all[own]!.map((value, place) => {
    const others = all.filter((other, at) => at !== own && other.length > place);
    const baseline = others.length === 0 ? 0 : others.reduce((sum, other) => sum + other[place]!, 0) / others.length;
    return clipped(importance(student[place]!, teacher[place]!, settings.teacherMix), value - baseline, settings.importanceClip);
  }));
}

/** R_(t+1) at every place of a text; 0 at its end. */
function returns({ student, teacher }: TokenLogprobs, isNormalized: boolean): Float32Array {
  const values = new Float32Array(student.length);
  let sum = 0;
  for (let place = student.length - 1; place > 0; place--) {
    sum += teacher[place]! - student[place]!;
    values[place - 1] = isNormalized ? sum / (student.length - place) : sum;
  }
  return values;
}

/** q / (a p + (1 - a) q), from log q and log p. */
function importance(student: number, teacher: number, mix: number): number {
  return 1 / (mix * Math.exp(teacher - student) + 1 - mix);
}

/** The gradient of min(w A, clip(w) A): none where a weight beyond the bound would be pushed further (Schulman et al. 2017). */
function clipped(weight: number, advantage: number, clip: number): number {
  const isBeyond = advantage > 0 ? weight > 1 + clip : weight < 1 - clip;
  return isBeyond ? 0 : weight * advantage;
}
