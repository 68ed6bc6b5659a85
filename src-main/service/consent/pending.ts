import type { Reach } from '../../contract/consent.ts';
import { Problem } from '../../contract/problem.ts';
import type { Consent } from './consent.ts';

/** A question that only a person can answer: a call that meets it is made again once it is. */
export class ConsentNeeded extends Problem {
  readonly reaches: readonly Reach[];

  constructor(reaches: readonly Reach[]) {
    super('This reaches outside Retort, which you have not allowed yet.', { hint: 'Look at what it is, and allow it or not.' });
    this.reaches = reaches;
  }
}

/** Questions that were put to a page. It may say yes to them, and cannot say to what else. */
export class Pending {
  private readonly asked = new Map<string, Reach>();

  /** Keeps the questions and turns the call away. */
  readonly ask = async (reaches: readonly Reach[]): Promise<never> => {
    for (const reach of reaches) this.asked.set(reach.digest, reach);
    throw new ConsentNeeded(reaches);
  };

  async allow(consent: Consent, digests: readonly string[]): Promise<void> {
    const reaches = digests.map((digest) => this.asked.get(digest));
    if (reaches.some((reach) => reach === undefined)) throw new Problem('Nothing of this kind was asked about.', { hint: 'Press Start again.' });
    await consent.keep(reaches.filter((reach) => reach !== undefined));
    for (const digest of digests) this.asked.delete(digest);
  }
}
