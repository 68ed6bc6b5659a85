import type { Context } from './context.ts';

/** Turns a command's work into what commander calls: arguments first, then the command's own options. */
export type Action = <Options extends object>(work: (context: Context, args: string[], options: Options) => Promise<void>) => (...given: unknown[]) => Promise<void>;
