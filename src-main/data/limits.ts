/** A row's text, in characters: what is longer is no row but a file that is damaged or of another kind. */
export const LONGEST_ROW = 64 * 2 ** 20;

/** A JSON document is parsed as a whole, which takes several times its size in memory. */
export const LONGEST_DOCUMENT = 256 * 2 ** 20;

export const MOST_COLUMNS = 100_000;

/** What a gzip file may unpack to before it counts how many times its own size that is. */
export const UNPACKED_BYTES = 256 * 2 ** 20;
/** Text rarely packs to less than a twentieth. */
export const UNPACKED_RATIO = 200;
