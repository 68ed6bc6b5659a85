/** The colours a line may have, as CSS variables of app.css. */
export type Hue = 'student' | 'teacher' | 'data' | 'accent' | 'run-1' | 'run-2' | 'run-3' | 'run-4' | 'run-5' | 'run-6';

/** Values over x; where many steps are one point, with the smallest and largest of them. Null leaves a gap. */
export interface Line {
  label: string;
  hue: Hue;
  /** Lengths of dashes and gaps in pixels: lines are told apart by more than colour. */
  dash?: readonly number[] | undefined;
  /** Measured at every step with the noise of its batch: what may be smoothed. A measurement, a setting and a size are shown as they are. */
  isNoisy?: boolean | undefined;
  x: readonly number[];
  mean: readonly (number | null)[];
  min?: readonly (number | null)[] | undefined;
  max?: readonly (number | null)[] | undefined;
}

/** A value measured now and then, such as an evaluation, with its interval. */
export interface Point { x: number; value: number; low: number | null; high: number | null }

/** @param label  empty where its line says it already */
export interface Points { label: string; hue: Hue; points: readonly Point[] }
