/** Elements of the widest tensor of the loss: 16 MiB each, which two cores' caches still serve well. */
const ELEMENTS = 2 ** 22;
const FEWEST = 32;

/** Positions that are projected to the vocabulary at once. */
export const lossChunk = (sharedVocabulary: number): number => Math.max(FEWEST, Math.floor(ELEMENTS / sharedVocabulary));
