import type { ExportRecord, ExportReport } from '../contract/export-report.ts';
import type { Queries } from './sqlite.ts';
import { TRASHED_RUNS } from './trash.ts';

export type NewExport = Omit<ExportRecord, 'id' | 'created'>;

export async function insertExport(queries: Queries, record: NewExport, now: number = Date.now()): Promise<number> {
  const { lastId } = await queries.run(
    'INSERT INTO exports (run, step, created, source, folder, precision, bytes, report) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    [record.run, record.step, now, record.source, record.folder, record.precision, record.bytes, JSON.stringify(record.report)]);
  return lastId;
}

/** All exports, or those of one run; newest first. */
export async function listExports(queries: Pick<Queries, 'all'>, run?: string): Promise<ExportRecord[]> {
  const where = run === undefined ? '' : 'WHERE run = ?';
  const rows = await queries.all<Omit<ExportRecord, 'report'> & { report: string }>(
    `SELECT id, CASE WHEN run IN ${TRASHED_RUNS} THEN NULL ELSE run END AS run, step, created, source, folder, precision, bytes, report FROM exports ${where} ORDER BY created DESC, id DESC`, run === undefined ? [] : [run]);
  return rows.map((row) => ({ ...row, report: JSON.parse(row.report) as ExportReport }));
}

/** Takes an export out of the history; its folder stays. */
export async function removeExport(queries: Queries, id: number): Promise<void> {
  await queries.run('DELETE FROM exports WHERE id = ?', [id]);
}
