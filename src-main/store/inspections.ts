import type { Inspection, InspectionSettings } from '../contract/inspection.ts';
import { Problem, type ProblemReport } from '../contract/problem.ts';
import type { Queries } from './sqlite.ts';
import { TRASHED_RUNS } from './trash.ts';

type NewInspection = Pick<Inspection, 'id' | 'created' | 'title' | 'run' | 'step' | 'teacher' | 'student' | 'settings'>;

export async function createInspection(queries: Pick<Queries, 'run'>, made: NewInspection): Promise<void> {
  await queries.run("INSERT INTO inspections (id, created, title, run, step, teacher, student, settings, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'going')",
    [made.id, made.created, made.title, made.run, made.step, made.teacher, made.student, JSON.stringify(made.settings)]);
}

/** All inspections, newest first. */
export async function listInspections(queries: Pick<Queries, 'all'>): Promise<Inspection[]> {
  return (await queries.all<InspectionRow>(`SELECT * FROM inspections WHERE run IS NULL OR run NOT IN ${TRASHED_RUNS} ORDER BY created DESC, id DESC`)).map(toInspection);
}

export async function findInspection(queries: Pick<Queries, 'get'>, id: string): Promise<Inspection> {
  const row = await queries.get<InspectionRow>('SELECT * FROM inspections WHERE id = ?', [id]);
  if (!row) throw new Problem('This inspection is not there any more.');
  return toInspection(row);
}

export async function endInspection(queries: Pick<Queries, 'run'>, id: string, state: Inspection['state'], error: ProblemReport | null = null): Promise<void> {
  await queries.run('UPDATE inspections SET state = ?, error = ? WHERE id = ?', [state, error && JSON.stringify(error), id]);
}

/** Inspections whose program is no more: what they have found stays. */
export async function stopInspections(queries: Pick<Queries, 'run'>): Promise<void> {
  await queries.run("UPDATE inspections SET state = 'stopped' WHERE state = 'going'");
}

export async function removeInspection(queries: Pick<Queries, 'run'>, id: string): Promise<void> {
  await queries.run('DELETE FROM inspections WHERE id = ?', [id]);
}

type InspectionRow = Omit<Inspection, 'settings' | 'error'> & { settings: string; error: string | null };

const toInspection = (row: InspectionRow): Inspection => ({
  ...row, settings: JSON.parse(row.settings) as InspectionSettings, error: row.error === null ? null : JSON.parse(row.error) as ProblemReport,
});
