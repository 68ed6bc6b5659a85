import { z } from 'zod';
import { problemReportSchema } from '../contract/event-schema.ts';

/** The frames around commands. `id` counts a worker's requests from 1. */
const id = z.int().positive();

export const hostFrame = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('request'), id, command: z.string(), params: z.unknown() }),
  z.strictObject({ type: z.literal('cancel'), id }),
  /** Asks whether the worker is alive: one that computes without a pause answers when it is through. */
  z.strictObject({ type: z.literal('ping') }),
  /** Cancel everything and exit. */
  z.strictObject({ type: z.literal('close') }),
]);
export type HostFrame = z.infer<typeof hostFrame>;

export const workerFrame = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready') }),
  z.strictObject({ type: z.literal('pong') }),
  /** So many rows of a file have been gone through for a request. */
  z.strictObject({ type: z.literal('reading'), id, rows: z.int().nonnegative() }),
  z.strictObject({ type: z.literal('event'), id, event: z.unknown() }),
  z.strictObject({ type: z.literal('result'), id, result: z.unknown() }),
  z.strictObject({ type: z.literal('error'), id, error: problemReportSchema }),
  /** The programs of others that the worker runs now, by their process ids: to be ended where it cannot end them itself. */
  z.strictObject({ type: z.literal('programs'), running: z.array(z.int().positive()) }),
  /** The worker did not understand the program and is about to exit. */
  z.strictObject({ type: z.literal('fault'), message: z.string() }),
]);
export type WorkerFrame = z.infer<typeof workerFrame>;

/** Where and why a value is not what the contract says, in one line. */
export function describeMismatch(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue ? `${issue.path.length > 0 ? `${issue.path.join('.')}: ` : ''}${issue.message}` : error.message;
}
