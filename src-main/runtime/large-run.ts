/** Bytes of results, and of what is given, from which on a run is large. */
const RESULTS = 2 ** 28;
const GIVEN = 2 ** 29;

/**
 * Whether a run leaves ONNX Runtime's arena empty: what a large model's step has taken must not add up with the packed
 * weights of the rollout after it. Smaller ones go on faster with the memory they have, and so does what is run at every
 * token, whose weights its session holds.
 */
export const leavesNothing = ({ given, results, isOften }: { given: number; results: number; isOften: boolean }): boolean => (
  results >= RESULTS || (!isOften && given >= GIVEN));
