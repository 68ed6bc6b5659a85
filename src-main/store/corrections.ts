import type { Correction, CorrectionSet } from '../contract/correction.ts';
import type { ChatTurn } from '../contract/chat-turn.ts';
import type { Queries } from './sqlite.ts';

/** @returns its id, or null where the data set has the same text for the same prompt already */
export async function insertCorrection(queries: Pick<Queries, 'run' | 'get'>, { dataset, created, prompt, turns, source = null, completion, written, teacher, student }: Omit<Correction, 'id'>): Promise<number | null> {
  const same = await queries.get('SELECT id FROM corrections WHERE dataset = ? AND prompt = ? AND turns IS ? AND completion = ?', [dataset, prompt, turns && JSON.stringify(turns), completion]);
  if (same) return null;
  const { lastId } = await queries.run(
    'INSERT INTO corrections (dataset, created, prompt, turns, source, completion, written, teacher, student) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    [dataset, created, prompt, turns && JSON.stringify(turns), source, completion, written, teacher, student]);
  return lastId;
}

/** The data sets of corrections, the one last added to first. */
export async function listCorrectionSets(queries: Pick<Queries, 'all'>): Promise<CorrectionSet[]> {
  const rows = await queries.all<Omit<CorrectionSet, 'isChat'> & { chats: number }>(
    'SELECT dataset AS name, count(*) AS count, max(created) AS updated, count(turns) AS chats FROM corrections GROUP BY dataset ORDER BY updated DESC');
  return rows.map(({ chats, ...set }) => ({ ...set, isChat: chats > 0 }));
}

/** Corrections of a data set, oldest first. */
export async function readCorrections(queries: Pick<Queries, 'all'>, dataset: string, { offset, limit }: { offset: number; limit: number }): Promise<Correction[]> {
  const rows = await queries.all<Omit<Correction, 'turns'> & { turns: string | null }>('SELECT * FROM corrections WHERE dataset = ? ORDER BY id LIMIT ? OFFSET ?', [dataset, limit, offset]);
  return rows.map((row) => ({ ...row, turns: row.turns === null ? null : JSON.parse(row.turns) as ChatTurn[] }));
}

export async function removeCorrection(queries: Pick<Queries, 'run'>, id: number): Promise<void> {
  await queries.run('DELETE FROM corrections WHERE id = ?', [id]);
}
