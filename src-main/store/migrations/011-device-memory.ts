/** What a run holds on the device where its student learns. */
export const deviceMemory = {
  version: 11,
  sql: 'ALTER TABLE steps ADD COLUMN deviceMemory REAL;',
};
