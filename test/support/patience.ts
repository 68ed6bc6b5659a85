/**
 * Milliseconds in which what is waited for has come, on a machine that has much else to do as well: a page, a window, a step.
 * Less than a test may take, so that what failed to come is named.
 */
export const PATIENCE = 300_000;
