/**
 * The mistakes inspector: inspections, their samples with every token's numbers, the forks, and the corrections that are
 * kept from them. What a list shows lies apart from the numbers, so that sorting and filtering never read those.
 */
export const mistakes = {
  version: 3,
  sql: `
CREATE TABLE inspections (
  id TEXT PRIMARY KEY,
  created INTEGER NOT NULL,
  title TEXT NOT NULL,
  run TEXT REFERENCES runs (id) ON DELETE CASCADE,
  step INTEGER,
  teacher TEXT NOT NULL,
  student TEXT NOT NULL,
  settings TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('going', 'done', 'stopped', 'failed')),
  error TEXT,
  samples INTEGER NOT NULL DEFAULT 0,
  dropped INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE INDEX inspections_run ON inspections (run, created);

-- forwardKl to tvd: means over the tokens. worstGap: the gap of the worst fork in nats, NULL without any.
-- bytes: what the sample takes with its tokens and forks, counted against the budget of its inspection.
CREATE TABLE inspectedSamples (
  id INTEGER PRIMARY KEY,
  inspection TEXT NOT NULL REFERENCES inspections (id) ON DELETE CASCADE,
  example INTEGER NOT NULL,
  step INTEGER,
  ended INTEGER NOT NULL,
  length INTEGER NOT NULL,
  forwardKl REAL NOT NULL,
  reverseKl REAL NOT NULL,
  jsd REAL NOT NULL,
  tvd REAL NOT NULL,
  forks INTEGER NOT NULL,
  worstGap REAL,
  firstFork INTEGER,
  bytes INTEGER NOT NULL,
  prompt TEXT NOT NULL,
  completion TEXT NOT NULL,
  reference TEXT,
  turns TEXT
);

CREATE INDEX inspectedSamples_fork ON inspectedSamples (inspection, worstGap, bytes);

-- promptTokens, tokens: int32; numbers: float32, TOKEN_NUMBERS one after the other; roles: one byte a token. Little-endian.
-- texts: JSON, the text of every token.
CREATE TABLE inspectedTokens (
  sample INTEGER PRIMARY KEY REFERENCES inspectedSamples (id) ON DELETE CASCADE,
  promptTokens BLOB NOT NULL,
  tokens BLOB NOT NULL,
  texts TEXT NOT NULL,
  numbers BLOB NOT NULL,
  roles BLOB NOT NULL
);

CREATE TABLE forks (
  sample INTEGER NOT NULL REFERENCES inspectedSamples (id) ON DELETE CASCADE,
  inspection TEXT NOT NULL,
  position INTEGER NOT NULL,
  kind TEXT NOT NULL,
  gap REAL NOT NULL,
  text TEXT NOT NULL,
  wanted TEXT NOT NULL,
  continuation TEXT,
  PRIMARY KEY (sample, position)
) WITHOUT ROWID;

CREATE INDEX forks_inspection ON forks (inspection, kind, position);

-- turns: the conversation before the completion as JSON, where the prompt was made by a chat template.
CREATE TABLE corrections (
  id INTEGER PRIMARY KEY,
  dataset TEXT NOT NULL,
  created INTEGER NOT NULL,
  prompt TEXT NOT NULL,
  turns TEXT,
  completion TEXT NOT NULL,
  written TEXT NOT NULL,
  teacher TEXT NOT NULL,
  student TEXT NOT NULL
);

CREATE INDEX corrections_dataset ON corrections (dataset, id);
`,
};
