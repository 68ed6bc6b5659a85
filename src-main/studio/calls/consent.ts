import { Problem } from '../../contract/problem.ts';
import type { Consent } from '../../service/consent/consent.ts';
import type { Pending } from '../../service/consent/pending.ts';
import type { CallsOf, Handlers } from '../handlers.ts';

/** @param pending  null where the main side asks by itself, and a page has no say */
export function consentCalls({ consent, pending }: { consent: Consent; pending: Pending | null }): Handlers<CallsOf<'consent'>> {
  return {
    'consent.list': () => consent.list(),
    'consent.allow': async ({ digests }) => {
      if (!pending) throw new Problem('This is asked by the program itself.');
      await pending.allow(consent, digests);
      return null;
    },
    'consent.remove': async ({ digest }) => {
      await consent.remove(digest);
      return null;
    },
  };
}
