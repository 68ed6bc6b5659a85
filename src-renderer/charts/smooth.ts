type Values = readonly (number | null)[];

/**
 * Exponential moving average, its start not pulled towards zero: m_t = (sum_i w^(t-i) x_i) / (sum_i w^(t-i)).
 * Gaps stay gaps and count for nothing.
 *
 * @param weight  0 (as it is) to below 1 (ever smoother)
 */
export function smooth(values: Values, weight: number): (number | null)[] {
  let [sum, weights] = [0, 0];
  return values.map((value) => {
    if (value === null) return null;
    sum = weight * sum + value;
    weights = weight * weights + 1;
    return sum / weights;
  });
}

/** The values between which the middle 98 of 100 lie; null where there are none. */
export function middle(values: readonly number[]): [number, number] | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))]!;
  return [at(0.01), at(0.99)];
}
