import { Problem } from '../../contract/problem.ts';

/** A completion with all that a reward may judge it by. */
export interface RewardedText {
  prompt: string;
  completion: string;
  /** The data's own completion; null where it has none. */
  reference: string | null;
  /** The example's columns. */
  row: Readonly<Record<string, unknown>>;
}

/** What completions are worth; higher is better. */
export interface Reward {
  /** Lowest and highest value there can be. */
  readonly range: readonly [low: number, high: number];
  /** A value for each text, in order. @throws Problem where there is none */
  score(texts: readonly RewardedText[]): Promise<Float32Array>;
  /** Ends what the reward has started. */
  release(): Promise<void>;
}

/** Holds what a program of somebody else's answered to what was asked. @param who  begins the message */
export function checkedValues(values: readonly unknown[], count: number, who: string): Float32Array {
  if (values.length !== count) throw new Problem(`${who} gave ${values.length} values for ${count} examples.`, { kind: 'failure' });
  return Float32Array.from(values, (value, at) => {
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw new Problem(`${who} gave ${JSON.stringify(value)} for example ${at + 1} of ${count}, which is no finite number.`, { kind: 'failure' });
  });
}
