import { ipcMain, type WebContents } from 'electron';
import { z } from 'zod';
import { FILE_KINDS } from '../contract/api/api.ts';
import type { FileRequest, MenuCommand } from '../contract/api/bridge.ts';
import type { FeedMessage } from '../contract/api/feed.ts';
import { PAGE } from './scheme.ts';

const path = z.string().min(1).max(4096);
const fileRequest = z.strictObject({
  title: z.string().max(200),
  what: z.enum(['open-file', 'open-folder', 'save']),
  kind: z.enum(FILE_KINDS).exclude(['folder']),
  suggestedName: z.string().max(200).optional(),
}) satisfies z.ZodType<FileRequest>;

/** What the page may ask of the main process, each with the schema of its arguments. The preload script has the same names. */
const REQUESTS = {
  'call': z.tuple([z.string().max(100), z.unknown()]),
  'choose-file': z.tuple([fileRequest]),
  'reveal': z.tuple([path]),
} as const;
type Requests = typeof REQUESTS;

/** What the main process tells the page. */
interface Messages { 'feed': FeedMessage; 'menu': MenuCommand; 'open-file': string; 'show-run': string }

/** Answers a request, where it comes from our own page and its arguments are what they should be. */
export function handle<Name extends keyof Requests>(name: Name, answer: (sender: WebContents, ...args: z.output<Requests[Name]>) => Promise<unknown>): void {
  ipcMain.handle(name, (event, ...args: unknown[]) => {
    const { senderFrame } = event;
    // A frame inside the page, or a page that is not ours, gets nothing, whatever it asks.
    if (!senderFrame || senderFrame.parent !== null || !senderFrame.url.startsWith(PAGE)) throw new Error(`"${name}" was asked by a stranger`);
    const parsed = REQUESTS[name].parse(args) as z.output<Requests[Name]>;
    return answer(event.sender, ...parsed);
  });
}

export function tell<Name extends keyof Messages>(contents: WebContents, name: Name, message: Messages[Name]): void {
  if (!contents.isDestroyed()) contents.send(name, message);
}
