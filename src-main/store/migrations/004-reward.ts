/** The mean reward of a step's own texts, for methods that have one. */
export const reward = {
  version: 4,
  sql: 'ALTER TABLE steps ADD COLUMN reward REAL;',
};
