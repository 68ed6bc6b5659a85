/** What trained a run where Retort did not, as JSON; NULL for a run of its own. */
export const engine = {
  version: 10,
  sql: 'ALTER TABLE runs ADD COLUMN engine TEXT;',
};
