/** Bytes. The room of a larger copy is worth more than the second or so that packing it anew takes. */
const KEPT = 2 ** 28;

/**
 * Whether a session that writes with weights that do not change stays open between uses. It follows from sizes alone, so
 * that a forecast knows it.
 * @param constants  bytes of the weights that it keeps as constants
 */
export const isWorthKeeping = (constants: number): boolean => constants <= KEPT;
