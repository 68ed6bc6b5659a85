/** Models side by side: their answers to the same prompts, and every number that the answers can be sorted and filtered by. */
export const comparisons = {
  version: 6,
  sql: `
-- models: JSON, label, path, role and what each was once it had answered.
CREATE TABLE comparisons (
  id TEXT PRIMARY KEY,
  created INTEGER NOT NULL,
  title TEXT NOT NULL,
  run TEXT REFERENCES runs (id) ON DELETE CASCADE,
  teacher TEXT,
  models TEXT NOT NULL,
  settings TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('going', 'done', 'stopped', 'failed')),
  error TEXT
) WITHOUT ROWID;

CREATE TABLE comparedRows (
  id INTEGER PRIMARY KEY,
  comparison TEXT NOT NULL REFERENCES comparisons (id) ON DELETE CASCADE,
  example INTEGER NOT NULL,
  prompt TEXT NOT NULL,
  reference TEXT,
  UNIQUE (comparison, example)
);

-- model: its place in the comparison. tokens: its length, the end included.
CREATE TABLE answers (
  row INTEGER NOT NULL REFERENCES comparedRows (id) ON DELETE CASCADE,
  model INTEGER NOT NULL,
  text TEXT NOT NULL,
  tokens INTEGER NOT NULL,
  ended INTEGER NOT NULL,
  PRIMARY KEY (row, model)
);

-- Apart from the texts, so that sorting and counting never read those. value: NULL where it could not be measured.
CREATE TABLE answerScores (
  row INTEGER NOT NULL REFERENCES comparedRows (id) ON DELETE CASCADE,
  model INTEGER NOT NULL,
  measure TEXT NOT NULL,
  value REAL,
  PRIMARY KEY (row, model, measure)
) WITHOUT ROWID;
`,
};
