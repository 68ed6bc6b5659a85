/** Where a teacher with another tokenizer is compared with its student. */
export const compared = {
  version: 13,
  sql: 'ALTER TABLE steps ADD COLUMN teacherCompared REAL;',
};
