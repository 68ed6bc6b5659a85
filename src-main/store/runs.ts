import type { Engine } from '../contract/handover.ts';
import type { BestScore } from '../contract/best.ts';
import type { RunStatus } from '../contract/events.ts';
import type { Headline, RunRecord } from '../contract/history.ts';
import { Problem, type ProblemReport } from '../contract/problem.ts';
import { asBegun } from '../contract/products.ts';
import type { Recipe } from '../contract/recipe.ts';
import type { Queries } from './sqlite.ts';

export interface NewRun { id: string; name: string; recipe: Recipe; runDir: string; status?: 'waiting' | 'running'; tags?: readonly string[] }

/** Puts a run into the history. Of one that is running its lock says whether that is still true. */
export async function createRun(queries: Queries, run: NewRun, now: number = Date.now()): Promise<void> {
  await queries.run(
    'INSERT INTO runs (id, name, status, recipe, runDir, tags, created, updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    [run.id, run.name, run.status ?? 'running', JSON.stringify(run.recipe), run.runDir, JSON.stringify(run.tags ?? []), now, now]);
}

/** Every run, newest first. */
export async function listRuns(queries: Pick<Queries, 'all'>): Promise<RunRecord[]> {
  const rows = await queries.all<RunRow>(`${SELECT} WHERE trashed IS NULL ORDER BY created DESC, id DESC`);
  return rows.map(toRecord);
}

/**
 * The run a person means by its id, by the beginning of its id, or by its run folder.
 * @throws Problem of kind input where there is none, or more than one.
 */
export async function findRun(queries: Pick<Queries, 'all'>, wanted: string): Promise<RunRecord> {
  const rows = await queries.all<RunRow>(
    `${SELECT} WHERE trashed IS NULL AND (id = ?1 OR runDir = ?1 OR substr(id, 1, length(?1)) = ?1) ORDER BY created DESC`, [wanted]);
  const exact = rows.filter((row) => row.id === wanted || row.runDir === wanted);
  const found = exact.length > 0 ? exact : rows;
  const [first] = found;
  if (wanted === '' || first === undefined) {
    throw new Problem(`No run "${wanted}" in the history.`, { hint: '`retort runs` lists them.' });
  }
  if (found.length > 1 && first.id !== wanted) {
    const ids = found.slice(0, 3).map((row) => row.id).join(', ');
    throw new Problem(`"${wanted}" means ${found.length} runs: ${ids}${found.length > 3 ? ', ...' : ''}.`, { hint: 'Write more of the id.' });
  }
  return toRecord(first);
}

export async function renameRun(queries: Queries, id: string, name: string): Promise<void> {
  await changeOne(queries, id, 'UPDATE runs SET name = ?1 WHERE id = ?2', name);
}

/** Puts right what the history has of a run's recipe. */
export async function setRecipe(queries: Queries, id: string, recipe: Recipe): Promise<void> {
  await changeOne(queries, id, 'UPDATE runs SET recipe = ?1 WHERE id = ?2', JSON.stringify(recipe));
}

/** Notes where a run's folder is now. */
export async function moveRun(queries: Queries, id: string, runDir: string): Promise<void> {
  const { changes } = await queries.run(
    'UPDATE runs SET checkpointPath = CASE WHEN substr(checkpointPath, 1, length(runDir)) = runDir THEN ?1 || substr(checkpointPath, length(runDir) + 1) END, runDir = ?1 WHERE id = ?2', [runDir, id]);
  if (changes === 0) throw new Problem(`No run "${id}" in the history.`);
}

export async function setTags(queries: Queries, id: string, tags: readonly string[]): Promise<void> {
  await changeOne(queries, id, 'UPDATE runs SET tags = ?1 WHERE id = ?2', JSON.stringify([...new Set(tags)]));
}

/** Notes what trained a run, where it was not Retort. */
export async function setEngine(queries: Queries, id: string, engine: Engine): Promise<void> {
  await changeOne(queries, id, 'UPDATE runs SET engine = ?1 WHERE id = ?2', JSON.stringify(engine));
}

/** Says where a run stands while no worker can: in the queue, taken out of it, refused before its start. */
export async function setStatus(queries: Queries, id: string, status: RunStatus, error: ProblemReport | null = null): Promise<void> {
  await queries.run('UPDATE runs SET status = ?, error = ?, updated = ? WHERE id = ?', [status, error && JSON.stringify(error), Date.now(), id]);
}

/** Runs that waited in the queue of a program that is no more. */
export async function interruptWaiting(queries: Queries): Promise<void> {
  await queries.run("UPDATE runs SET status = 'interrupted' WHERE status = 'waiting'");
}

/** Forgets a run with all that was measured of it. Its folder is not touched. */
export async function deleteRun(queries: Queries, id: string): Promise<void> {
  const { changes } = await queries.run('DELETE FROM runs WHERE id = ?', [id]);
  if (changes === 0) throw new Problem(`No run "${id}" in the history.`);
}

interface RunFolder { id: string; runDir: string }

/** Runs that compute by the history; trainings elsewhere, which are only followed, are none of them. */
export const runningRuns = (queries: Queries): Promise<RunFolder[]> =>
  queries.all<RunFolder>("SELECT id, runDir FROM runs WHERE status = 'running' AND engine IS NULL");

/**
 * Marks runs that say "running" but are not (their process was killed, the machine lost power).
 * @param isRunning asks the lock of a run folder.
 * @returns the ids of the runs that were marked.
 */
export async function markInterrupted(
  queries: Queries, isRunning: (runDir: string) => Promise<boolean>,
): Promise<string[]> {
  const running = await queries.all<RunFolder>("SELECT id, runDir FROM runs WHERE status = 'running'");
  const interrupted: string[] = [];
  for (const run of running) {
    if (await isRunning(run.runDir)) continue;
    // The run may have ended between the two questions; then its last word stands.
    const { changes } = await queries.run(
      "UPDATE runs SET status = 'interrupted', ended = updated WHERE id = ? AND status = 'running'", [run.id]);
    if (changes > 0) interrupted.push(run.id);
  }
  return interrupted;
}

async function changeOne(queries: Queries, id: string, sql: string, value: string): Promise<void> {
  const { changes } = await queries.run(sql, [value, id]);
  if (changes === 0) throw new Problem(`No run "${id}" in the history.`);
}

interface RunRow {
  id: string; name: string; status: RunStatus; recipe: string; runDir: string; tags: string;
  created: number; started: number | null; updated: number; ended: number | null;
  lastStep: number | null; totalSteps: number | null; parameters: number | null;
  checkpointStep: number | null; checkpointPath: string | null; best: string | null; error: string | null; engine: string | null;
  evaluatedStep: number | null; divergence: number | null; loss: number | null;
  score: string | null; scoreValue: number | null;
}

const SELECT = `
  SELECT runs.*, (SELECT max(step) FROM steps WHERE steps.run = runs.id) AS lastStep,
    evaluations.step AS evaluatedStep, evaluations.divergence, evaluations.loss, scores.name AS score, scores.value AS scoreValue
  FROM runs
  LEFT JOIN evaluations ON evaluations.run = runs.id
    AND evaluations.step = (SELECT max(step) FROM evaluations AS latest WHERE latest.run = runs.id)
  LEFT JOIN scores ON scores.run = runs.id AND scores.step = evaluations.step AND scores.position = 0`;

function toRecord(row: RunRow): RunRecord {
  return {
    id: row.id, name: row.name, status: row.status, runDir: row.runDir,
    recipe: asBegun(JSON.parse(row.recipe) as Recipe), tags: JSON.parse(row.tags) as string[],
    created: row.created, started: row.started, updated: row.updated, ended: row.ended,
    lastStep: row.lastStep ?? 0, totalSteps: row.totalSteps, parameters: row.parameters,
    checkpoint: row.checkpointStep === null || row.checkpointPath === null
      ? null : { step: row.checkpointStep, path: row.checkpointPath },
    headline: headline(row),
    best: row.best === null ? null : JSON.parse(row.best) as BestScore,
    engine: row.engine === null ? null : JSON.parse(row.engine) as Engine,
    error: row.error === null ? null : JSON.parse(row.error) as ProblemReport,
  };
}

function headline(row: RunRow): Headline | null {
  if (row.evaluatedStep === null) return null;
  const candidates: [string | null, number | null][] = [[row.score, row.scoreValue], ['divergence', row.divergence], ['loss', row.loss]];
  for (const [name, value] of candidates) {
    if (name !== null && value !== null) return { name, value, step: row.evaluatedStep };
  }
  return null;
}
