/** The best evaluation of a run as of its last checkpoint, as JSON. */
export const best = {
  version: 7,
  sql: 'ALTER TABLE runs ADD COLUMN best TEXT;',
};
