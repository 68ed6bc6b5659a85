import type { DataExample } from '../../distill/trainer.ts';
import type { EncodedExample } from '../../text/encoded-example.ts';

/** An example as a run's trainer gets it. */
export type RunExample = EncodedExample & DataExample;
