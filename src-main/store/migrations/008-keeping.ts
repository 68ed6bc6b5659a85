/**
 * What was removed and can come back, and drafts that nobody has touched yet. A removed run stays as it is, `trashed`
 * by an entry of the trash, until that is emptied.
 */
export const keeping = {
  version: 8,
  sql: `
-- kind: 'run' or 'model'. path: where its files lay. place: where they lie now, NULL where they were not moved.
-- content: JSON, what the list had of a model.
CREATE TABLE trash (
  id TEXT PRIMARY KEY,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('run', 'model')),
  title TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  path TEXT NOT NULL,
  place TEXT,
  content TEXT
) WITHOUT ROWID;

ALTER TABLE runs ADD COLUMN trashed TEXT;
ALTER TABLE drafts ADD COLUMN touched INTEGER NOT NULL DEFAULT 1;
`,
};
