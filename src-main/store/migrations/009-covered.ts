/** How much of a teacher's distribution is known where a server tells its likeliest tokens. */
export const covered = {
  version: 9,
  sql: 'ALTER TABLE steps ADD COLUMN teacherCovered REAL;',
};
