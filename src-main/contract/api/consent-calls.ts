import { z } from 'zod';
import type { Allowed } from '../consent.ts';
import { reads, writes } from './call.ts';

const digest = z.string().length(64);

/** The calls of what the person allows recipes to start and to send to. */
export const CONSENT_CALLS = {
  'consent.list': reads<Allowed[]>()(z.null()),
  /** Says yes to questions that the program has put to the page, in an answer's `consent`; refused where the program asks by itself. */
  'consent.allow': writes<null>()(z.strictObject({ digests: z.array(digest).min(1).max(20) })),
  'consent.remove': writes<null>()(z.strictObject({ digest })),
};
