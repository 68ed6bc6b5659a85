/** One record of a data file: a value for each column. */
export type Row = Record<string, unknown>;
