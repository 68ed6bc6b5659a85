import type { z } from 'zod';

/** How a model is multiplied by weights that are kept as integers: with its activations as they are, or with these rounded to 8 bits as well. */
export const PRODUCTS = ['exact', 'fast'] as const;
export type Products = (typeof PRODUCTS)[number];

/** What a recipe says of a model whose weights stay as they are. */
interface Kept { precision?: string | undefined; products?: Products | undefined }

const isInteger = ({ precision }: Kept): boolean => precision === 'int8' || precision === 'int4';

export function refuseProducts({ precision = 'fp32', products }: Kept, context: Pick<z.core.$RefinementCtx, 'addIssue'>): void {
  if (products === undefined || isInteger({ precision })) return;
  context.addIssue({ code: 'custom', path: ['products'], input: products, message: `is for the precisions int8 and int4, and the precision is ${precision}` });
}

/** Integers are multiplied exactly where nothing else is said; then it is said, so that a run keeps it. */
export const withProducts = <K extends Kept>(kept: K): K => (isInteger(kept) ? { ...kept, products: kept.products ?? 'exact' } : kept);

/**
 * The recipe of a run as it was begun. Older versions, whose products were all fast, did not say so.
 * @param recipe  as a run's folder or the history has it
 */
export function asBegun<R>(recipe: R): R {
  if (typeof recipe !== 'object' || recipe === null) return recipe;
  const models = Object.entries(recipe).filter(([name, value]) => (name === 'teacher' || name === 'student') && typeof value === 'object' && value !== null) as [string, Kept][];
  return { ...recipe, ...Object.fromEntries(models.filter(([, kept]) => isInteger(kept) && kept.products === undefined).map(([name, kept]) => [name, { ...kept, products: 'fast' }])) };
}
