import type { Queries } from './sqlite.ts';

export interface ExportRecord {
  id: number;
  /** The run and step it came from; null for a model that no run made, or whose run was deleted. */
  run: string | null;
  step: number | null;
  created: number;
  /** The model folder that was exported, and the folder that was made. */
  source: string;
  folder: string;
  precision: string;
  bytes: number;
  /** The parity report, as the export wrote it. */
  report: unknown;
}

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
    `SELECT * FROM exports ${where} ORDER BY created DESC, id DESC`, run === undefined ? [] : [run]);
  return rows.map((row) => ({ ...row, report: JSON.parse(row.report) as unknown }));
}
