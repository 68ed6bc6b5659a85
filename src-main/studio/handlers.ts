import type { CallName, CallParams, CallResult } from '../contract/api/api.ts';

/** What answers some of the interface's calls. */
export type Handlers<Names extends CallName> = { [Name in Names]: (params: CallParams<Name>) => Promise<CallResult<Name>> };

/** The calls whose names begin with `Room` and a dot. */
export type CallsOf<Room extends string> = Extract<CallName, `${Room}.${string}`>;
