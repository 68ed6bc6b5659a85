import { byteSize, count, duration, number, percent, tick } from '../format.ts';
import { TIME_STEPS } from './x-axis.ts';

/** What a chart's values are, and how they are written beside its axis and in its key. */
export interface Quantity {
  text: (value: number) => string;
  tick: (value: number) => string;
  /** Distances of ticks that read well; powers of ten and their halves and quarters if left out. */
  steps?: number[];
  /** A logarithmic axis says nothing about shares and sizes. */
  isLinear?: boolean;
  /** No value is larger, and no axis goes beyond. */
  most?: number;
}

const POWERS_OF_TWO = Array.from({ length: 50 }, (_, power) => 2 ** power);

export const NUMBER: Quantity = { text: number, tick };
export const COUNT: Quantity = { text: count, tick };
export const SHARE: Quantity = { text: percent, tick: percent, isLinear: true, most: 1 };
export const BYTES: Quantity = { text: byteSize, tick: byteSize, steps: POWERS_OF_TWO, isLinear: true };
export const MILLISECONDS: Quantity = { text: duration, tick: duration, steps: TIME_STEPS };
