import { z } from 'zod';
import { reads, writes } from './call.ts';

const path = z.string().min(1).max(4096);
const ids = z.array(z.string().min(1).max(200)).min(1).max(1000);

/** Something that was removed and can come back. */
export interface TrashEntry {
  id: string;
  /** When it was removed, in milliseconds since 1970. */
  at: number;
  kind: 'run' | 'model';
  title: string;
  /** What emptying frees. */
  bytes: number;
}

/** What stands on the files below a path. */
export interface Use {
  /** Runs whose recipes name them; `isGoing` where one would lose its ground. */
  runs: { id: string; name: string; isGoing: boolean }[];
  drafts: { id: string; title: string }[];
  inspections: number;
  comparisons: number;
  exports: number;
  /** Bytes on the disk. */
  bytes: number;
}

/** What of the disk Retort's data folder takes, by its parts. */
export interface DiskUse { parts: { name: string; path: string; bytes: number }[]; free: number }

/** What is removed, what it was good for, and the way back. */
export const KEEPING_CALLS = {
  'keeping.trash': reads<TrashEntry[]>()(z.null()),
  /** Puts back what was removed, files and all. */
  'keeping.restore': writes<null>()(z.strictObject({ ids })),
  /** Deletes for good; everything in the trash where `ids` is null. */
  'keeping.empty': writes<null>()(z.strictObject({ ids: ids.nullable() })),
  'keeping.use': reads<Use>()(z.strictObject({ path })),
  'keeping.disk': reads<DiskUse>()(z.null()),
};
