import { z } from 'zod';
import { help } from './help.ts';

/** Every matrix but the output layer, as PEFT means it. */
export const ALL_LINEAR = 'all-linear';

/** A student that learns by low-rank adapters (LoRA) beside its weights, which stay as they are. */
export const adapterSchema = z.strictObject({
  rank: z.int().positive().max(4096).default(16).meta(help('Columns of each adapter\'s two small matrices: how much it can learn, and what it costs.')),
  alpha: z.number().positive().optional().meta(help('What an adapter adds is multiplied by alpha / rank. Twice the rank if left out.')),
  targets: z.union([z.literal(ALL_LINEAR), z.array(z.string().min(1)).min(1)]).default(ALL_LINEAR).meta(help(
    'The matrices that get an adapter, by the ends of their names as in PEFT: ["q_proj", "v_proj"]. all-linear is all of them but the output layer.')),
  dropout: z.number().min(0).lt(1).default(0).meta(help('Share of an adapter\'s inputs that training leaves out, drawn anew for every token.')),
}).meta(help('Train a low-rank adapter (LoRA) beside the student\'s weights, which stay as they are: a small part of the memory. Checkpoints hold the adapter alone, as PEFT saves it.'));

export type AdapterSettings = z.infer<typeof adapterSchema>;

export const alphaOf = ({ alpha, rank }: Pick<AdapterSettings, 'alpha' | 'rank'>): number => alpha ?? 2 * rank;
