import type { Families } from '../text/aligned/families.ts';
import { MOST_ACROSS, type AlignedPlace } from '../text/aligned/alignment.ts';

/** What stands behind the hidden states of a row: where each of its parts begins, and how many numbers there are. */
export interface RowLayout {
  /** Numbers of a hidden state, of which there are two: where the next token is asked for, and where tokens across the place are. */
  state: number;
  /** Places for tokens across. */
  across: number;
  isCompared: number;
  /** 1 where a token of the teacher begins. */
  hasNext: number;
  /** 1 where tokens of the teacher may reach across. */
  hasAcross: number;
  whole: number;
  ids: number;
  /** Of those tokens; the number of families where none is. */
  families: number;
  /** 1 for each of those tokens, 0 where none is. */
  isToken: number;
  width: number;
}

export function rowLayout(state: number, { crossings: { ofTeacher } }: Families): RowLayout {
  let across = 0;
  for (const { ids } of ofTeacher.values()) if (ids.length <= MOST_ACROSS) across = Math.max(across, ids.length);
  const behind = (across > 0 ? 2 : 1) * state;
  const lists = behind + 4;
  return {
    state, across, isCompared: behind, hasNext: behind + 1, hasAcross: behind + 2, whole: behind + 3,
    ids: lists, families: lists + across, isToken: lists + 2 * across, width: across > 0 ? lists + 3 * across : behind + 1,
  };
}

/** Writes a row for a place. @param stateAt  the teacher's hidden state that tells the token of one of its places */
export function packPlace(row: Float32Array, layout: RowLayout, { next, across }: AlignedPlace, families: number, stateAt: (place: number) => Float32Array): void {
  row.set(stateAt(next ?? across!.from));
  row[layout.isCompared] = 1;
  if (layout.across === 0) return;
  row.set(stateAt(across?.from ?? next!), layout.state);
  row[layout.hasNext] = Number(next !== null);
  row[layout.hasAcross] = Number(across !== null);
  row.fill(families, layout.families, layout.families + layout.across);
  if (!across) return;
  row[layout.whole] = across.whole;
  across.crossing.ids.forEach((id, at) => {
    const family = across.crossing.families[at]!;
    row[layout.ids + at] = id;
    row[layout.families + at] = family < 0 ? families : family;
    row[layout.isToken + at] = 1;
  });
}
