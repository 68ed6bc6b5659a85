import type { Queries } from './sqlite.ts';

/** Forgets all that was told of a run: it is read again from its beginning. */
export async function forgetTold(queries: Pick<Queries, 'run'>, run: string): Promise<void> {
  for (const table of ['steps', 'evaluations', 'rollouts', 'log']) await queries.run(`DELETE FROM ${table} WHERE run = ?`, [run]);
}

/**
 * Forgets what a run measured after `step`: it goes on from that checkpoint and will measure it again.
 * What the log says of starting and stopping stays, because that did happen.
 */
export async function truncateAfter(queries: Pick<Queries, 'run'>, run: string, step: number): Promise<void> {
  for (const table of ['steps', 'evaluations', 'rollouts']) {
    await queries.run(`DELETE FROM ${table} WHERE run = ? AND step > ?`, [run, step]);
  }
  await queries.run("DELETE FROM log WHERE run = ? AND step > ? AND (level = 'warning' OR code = 'checkpoint')", [run, step]);
  await queries.run('UPDATE runs SET checkpointStep = NULL, checkpointPath = NULL WHERE id = ? AND checkpointStep > ?', [run, step]);
}
