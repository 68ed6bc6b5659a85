import { z } from 'zod';

export const THEMES = ['system', 'light', 'dark'] as const;
export const WORKERS = ['electron', 'node'] as const;

const help = (text: string): { description: string } => ({ description: text });

/** What a person chooses once for the whole program. */
export const settingsSchema = z.strictObject({
  theme: z.enum(THEMES).meta(help('Colours of the interface.')),
  /** A BCP 47 tag, or `system`. */
  numberLocale: z.string().min(1).max(35).refine(isLocale, 'no language this program knows').meta(help(
    'Language whose way of writing numbers and dates is used.')),
  worker: z.enum(WORKERS).meta(help(
    'What computes: a process of Electron, which cannot allocate more than 1 GiB at once, or plain Node where it is installed. Only the desktop application asks.')),
  threads: z.int().min(0).max(1024).meta(help('Threads of one computation; 0 lets ONNX Runtime choose. Counts from the next run on.')),
});
export type Settings = z.infer<typeof settingsSchema>;

export const DEFAULT_SETTINGS: Settings = { theme: 'system', numberLocale: 'system', worker: 'electron', threads: 0 };

function isLocale(tag: string): boolean {
  if (tag === 'system') return true;
  try {
    return Intl.NumberFormat.supportedLocalesOf(tag).length > 0;
  } catch {
    return false;
  }
}
