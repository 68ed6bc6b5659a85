import type { RunRecord } from '../../../src-main/contract/history.ts';
import type { Hue } from '../../charts/line.ts';
import type { RunSeries } from '../../state/run-series.svelte.ts';

export interface Compared { run: RunRecord; data: RunSeries }

/** How the run at a place of the comparison is drawn; the baseline is the first. */
const LOOKS: readonly { hue: Hue; dash: readonly number[] }[] = [
  { hue: 'run-1', dash: [] }, { hue: 'run-2', dash: [6, 3] }, { hue: 'run-3', dash: [2, 2] },
  { hue: 'run-4', dash: [10, 3, 2, 3] }, { hue: 'run-5', dash: [4, 6] }, { hue: 'run-6', dash: [12, 4] },
];

export const lookOf = (at: number): { hue: Hue; dash: readonly number[] } => LOOKS[at % LOOKS.length]!;
