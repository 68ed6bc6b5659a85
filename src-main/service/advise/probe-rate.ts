import type { Score } from '../../contract/events.ts';
import { pairedDifference, weightedMean } from '../../metrics/paired.ts';

/** Updates that each learning rate is tried with. */
export const UPDATES = 6;
/**
 * What is being unlearned more than doubles its loss within a few updates, and by so many nats a token. Less is no sign: the
 * sample's student, which learns best at its rate, loses two fifths at first, because Adam's first updates are its largest.
 */
const HURTS = { share: 1, nats: 0.3 };
/** What a whole run has to bring at least, if it went on as it began, for its rate not to be too small. */
const LITTLE = 0.05;
/** A lower rate that does less than this share of the harm is one that fits. */
const MENDED = 0.1;
const [LOWER, HIGHER] = [[1 / 3, 1 / 10, 1 / 30], [10, 100]];

/** What each text of the probe sums up to: nats and tokens. */
export type ProbeRow = readonly [sum: number, tokens: number];

export interface TriedRate {
  rate: number;
  /** Change of the loss a token after the updates, with its interval over the same texts. */
  change: Score;
}

/** What a few updates at some learning rates bring, from the same student each. */
export interface ProbedRate {
  /** Nats a token before any update. */
  before: number;
  texts: number;
  tried: TriedRate[];
  /** Whether the recipe's rate does harm, or next to nothing in the whole run; and a rate that fits instead, if one was found. */
  verdict: 'fits' | 'too-high' | 'too-low';
  better: number | null;
}

/**
 * Tries the recipe's learning rate, constant, for a few updates, and others only where it does not fit: a short trial
 * favours high rates, so that one that does no harm and brings something is left as it is.
 * @param learn  the probe's texts after so many updates at a rate, by a fresh student; before any update where the rate is null
 * @param steps  of the whole run
 */
export async function probeRate(rate: number, steps: number, seed: number, learn: (rate: number | null) => Promise<ProbeRow[]>): Promise<ProbedRate> {
  const start = await learn(null);
  const before = weightedMean(start.reduce<[number, number]>(([sum, tokens], row) => [sum + row[0], tokens + row[1]], [0, 0]));
  const tried: TriedRate[] = [];
  const change = async (of: number): Promise<Score> => {
    const found = pairedDifference(start, await learn(of), weightedMean, seed);
    tried.push({ rate: of, change: found });
    return found;
  };
  const hurts = ({ value, low }: Score): boolean => !Number.isFinite(value) || (low! > 0 && value > Math.max(HURTS.share * before, HURTS.nats));
  /** Of the whole run, if every update went on to bring what these did, at a rate that falls to half on average. */
  const brings = ({ value }: Score): number => (-value / UPDATES) * steps * 0.5;
  const result = (verdict: ProbedRate['verdict'], better: number | null): ProbedRate => ({ before, texts: start.length, tried, verdict, better });

  const own = await change(rate);
  if (hurts(own)) {
    for (const factor of LOWER) {
      const found = await change(rounded(rate * factor));
      if (!hurts(found) && found.value < MENDED * own.value) return result('too-high', rounded(rate * factor));
    }
    return result('too-high', null);
  }
  if (Math.abs(brings(own)) >= LITTLE * before || steps <= UPDATES) return result('fits', null);
  for (const factor of HIGHER) {
    const found = await change(rounded(rate * factor));
    if (!hurts(found) && found.high! < 0 && brings(found) >= LITTLE * before) return result('too-low', rounded(rate * factor));
    if (hurts(found)) break;
  }
  return result('fits', null);
}

/** To two digits that count. */
const rounded = (rate: number): number => Number(rate.toPrecision(2));
