/** Finds literals in texts: at each place the longest, none within another. */
export class Literals<T> {
  /** The literals by their first code unit, the longest first. */
  private readonly byStart = new Map<number, { literal: string; value: T }[]>();

  add(literal: string, value: T): void {
    const start = literal.charCodeAt(0);
    const others = this.byStart.get(start) ?? [];
    const at = others.findIndex((other) => other.literal.length < literal.length);
    others.splice(at < 0 ? others.length : at, 0, { literal, value });
    this.byStart.set(start, others);
  }

  find(text: string): { start: number; end: number; value: T }[] {
    const found: { start: number; end: number; value: T }[] = [];
    if (this.byStart.size === 0) return found;
    for (let start = 0; start < text.length;) {
      const match = this.byStart.get(text.charCodeAt(start))?.find(({ literal }) => text.startsWith(literal, start));
      if (match) found.push({ start, end: start + match.literal.length, value: match.value });
      start += match?.literal.length ?? 1;
    }
    return found;
  }
}
