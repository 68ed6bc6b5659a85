/** Conversations as their data files have them, with their tools. */
export const sources = {
  version: 14,
  sql: 'ALTER TABLE inspectedSamples ADD COLUMN source TEXT; ALTER TABLE corrections ADD COLUMN source TEXT;',
};
