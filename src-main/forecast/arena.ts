/** What the arena takes beyond the tensors that are planned into it: it hands out blocks, which seldom fit to the byte. Measured with models of 2M to 600M. */
export const ARENA = 1.2;
