import { z } from 'zod';
import { exportPartSchema } from '../export-parts.ts';
import type { ExportRecord } from '../export-report.ts';
import { reads, writes } from './call.ts';

const path = z.string().min(1).max(4096);
const id = z.string().min(1).max(200);

const subject = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('run'), runId: id, step: z.union([z.int().nonnegative(), z.literal('best')]).optional() }),
  z.strictObject({ kind: z.literal('model'), path }),
]);

/** The calls of the way out. */
export const EXPORT_CALLS = {
  /** Every export there was, newest first, and whether its folder is still there. */
  'exports.list': reads<(ExportRecord & { isThere: boolean })[]>()(z.null()),
  /** A folder in the data folder that is not there yet, for an export of this name. */
  'exports.place': reads<{ path: string }>()(z.strictObject({ name: z.string().min(1).max(200) })),
  /**
   * Begins an export as a job; `to`, a whole path, is the folder that its record will name. `taken`: something is there
   * already; nothing was begun, and the same call with `replace` goes over it where it is an earlier export.
   */
  'exports.start': writes<{ jobId: string; to: string; taken: false } | { jobId: null; taken: true }>()(z.strictObject({
    subject, to: path, parts: z.array(exportPartSchema).min(1).max(16), replace: z.boolean(),
  })),
  /** Whether llama.cpp is installed, in which GGUF files are opened, and the command that installs it. */
  'exports.llama': reads<{ version: string | null; command: string }>()(z.null()),
  /** Has npm fetch it into the data folder, as a job. */
  'exports.installLlama': writes<null>()(z.null()),
  /** Forgets an export; its folder stays where it is. */
  'exports.remove': writes<null>()(z.strictObject({ id: z.int().positive() })),
};
