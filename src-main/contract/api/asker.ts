import { z } from 'zod';

/**
 * Whose question it is, where a newer one of the same asker takes the place of one that is not answered yet. Questions
 * may arrive in another order than they were asked: `turn` counts them.
 */
export const askerSchema = z.strictObject({ id: z.string().max(100), turn: z.int().min(0) });

export type Asker = z.output<typeof askerSchema>;
