import type { Field } from './field.ts';
import type { Segment } from './pattern.ts';

/** What becomes of the matches where a text is split: segments in, the parts that stay out. */
export type SplitBehavior = (segments: Segment[]) => Segment[];

export const isolated: SplitBehavior = (segments) => segments;
export const removed: SplitBehavior = (segments) => segments.filter(({ isMatch }) => !isMatch);
export const contiguous: SplitBehavior = (segments) => joined(segments, (isMatch, before) => isMatch === before);
const mergedWithPrevious: SplitBehavior = (segments) => joined(segments, (isMatch, before) => isMatch && !before);
export const mergedWithNext: SplitBehavior = (segments) => joined(segments.toReversed(), (isMatch, before) => isMatch && !before).toReversed();

const BEHAVIORS: Readonly<Record<string, SplitBehavior>> = {
  Isolated: isolated, Removed: removed, Contiguous: contiguous, MergedWithPrevious: mergedWithPrevious, MergedWithNext: mergedWithNext,
};

/** Joins a segment to the one before it where `joins` says so. What comes before the first one counts as no match. */
function joined(segments: readonly Segment[], joins: (isMatch: boolean, before: boolean) => boolean): Segment[] {
  const parts: Segment[] = [];
  let before = false;
  for (const segment of segments) {
    const last = parts.at(-1);
    if (last && joins(segment.isMatch, before)) {
      last.start = Math.min(last.start, segment.start);
      last.end = Math.max(last.end, segment.end);
    } else {
      parts.push({ ...segment });
    }
    before = segment.isMatch;
  }
  return parts;
}

export function readBehavior(field: Field): SplitBehavior {
  const name = field.text();
  return Object.hasOwn(BEHAVIORS, name) ? BEHAVIORS[name]! : field.refuseKind(`one of ${Object.keys(BEHAVIORS).join(', ')}`);
}
