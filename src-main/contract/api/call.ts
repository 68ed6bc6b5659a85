import type { z } from 'zod';

/** One thing the interface can ask of the program: the schema of what goes in, and the type of what comes back. */
export interface Call<Params extends z.ZodType, Result> {
  readonly params: Params;
  /** Whether it changes something: refused where the data folder belongs to another program. */
  readonly writes: boolean;
  /** Never there; carries the type. */
  readonly result?: Result;
}

export const reads = <Result>() => <Params extends z.ZodType>(params: Params): Call<Params, Result> => ({ params, writes: false });
export const writes = <Result>() => <Params extends z.ZodType>(params: Params): Call<Params, Result> => ({ params, writes: true });
