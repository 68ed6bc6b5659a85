/** What each prediction adds to its corpus, equally many numbers for each. They lie packed, eight bytes a number: there may be a million. */
export class Statistics {
  /** Predictions. */
  length = 0;
  /** Numbers of each. */
  width = 0;
  private values = new Float64Array(1024);

  static of(rows: Iterable<readonly number[]>): Statistics {
    const statistics = new Statistics();
    for (const row of rows) statistics.add(row);
    return statistics;
  }

  add(row: readonly number[]): void {
    if (this.length === 0) this.width = row.length;
    const end = (this.length + 1) * this.width;
    if (end > this.values.length) {
      const longer = new Float64Array(Math.max(end, 2 * this.values.length));
      longer.set(this.values);
      this.values = longer;
    }
    this.values.set(row, this.length++ * this.width);
  }

  /** What each prediction adds, one after the other. */
  rows(): number[][] {
    return Array.from({ length: this.length }, (_, at) => [...this.values.subarray(at * this.width, (at + 1) * this.width)]);
  }

  /** The sums of what the predictions at these places add. */
  sums(places: Uint32Array): number[] {
    const { width, values } = this;
    const sums = Array.from({ length: width }, () => 0);
    for (const place of places) {
      for (let at = 0; at < width; at++) sums[at]! += values[place * width + at]!;
    }
    return sums;
  }
}
