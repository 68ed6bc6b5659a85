/** The intervals of what is always measured on held-out text. */
export const intervals = {
  version: 5,
  sql: ['divergenceLow', 'divergenceHigh', 'lossLow', 'lossHigh'].map((column) => `ALTER TABLE evaluations ADD COLUMN ${column} REAL;`).join('\n'),
};
