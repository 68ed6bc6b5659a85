/**
 * What the desktop application keeps besides runs: settings, unfinished recipes, known models, the teacher's own
 * answers beside a student's, and runs that wait for their turn. SQLite cannot change a CHECK, so `runs` is made anew.
 */
export const desktop = {
  version: 2,
  sql: `
CREATE TABLE runs_new (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('waiting', 'running', 'done', 'stopped', 'interrupted', 'failed')),
  recipe TEXT NOT NULL,
  runDir TEXT NOT NULL,
  tags TEXT NOT NULL DEFAULT '[]',
  created INTEGER NOT NULL,
  started INTEGER,
  updated INTEGER NOT NULL,
  ended INTEGER,
  totalSteps INTEGER,
  parameters INTEGER,
  checkpointStep INTEGER,
  checkpointPath TEXT,
  error TEXT
) WITHOUT ROWID;
INSERT INTO runs_new SELECT id, name, status, recipe, runDir, tags, created, started, updated, ended, totalSteps, parameters,
  checkpointStep, checkpointPath, error FROM runs;
DROP TABLE runs;
ALTER TABLE runs_new RENAME TO runs;
CREATE INDEX runs_created ON runs (created);

ALTER TABLE samples ADD COLUMN teacher TEXT;

CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE drafts (
  id TEXT PRIMARY KEY,
  updated INTEGER NOT NULL,
  title TEXT NOT NULL,
  page TEXT NOT NULL,
  recipe TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE models (
  path TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  added INTEGER NOT NULL,
  description TEXT NOT NULL
) WITHOUT ROWID;
`,
};
