/** Steps that have changed nothing, and what the loss is multiplied with where products are float16. */
export const lossScale = {
  version: 12,
  sql: 'ALTER TABLE steps ADD COLUMN skipped REAL; ALTER TABLE steps ADD COLUMN lossScale REAL;',
};
