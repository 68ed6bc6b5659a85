import type { ChatTurn } from '../contract/chat-turn.ts';
import { TOKEN_ROLES } from '../contract/fork.ts';
import { COMPARED_DIVERGENCES, TOKEN_NUMBERS, type InspectedSample, type MeasuredSample, type SampleText, type TokenNumber, type ToldFork } from '../contract/inspection.ts';
import { Problem } from '../contract/problem.ts';
import { copyBytes, toBlob } from './blob.ts';
import { INSPECTION_BUDGET, trimInspection } from './inspection-budget.ts';
import type { Queries, SqlValue } from './sqlite.ts';

/** Adds samples to an inspection and keeps it within its budget. Call it within a transaction. */
export async function insertSamples(queries: Queries, inspection: string, samples: readonly MeasuredSample[], budget = INSPECTION_BUDGET): Promise<void> {
  for (const sample of samples) await insertSample(queries, inspection, sample);
  await trimInspection(queries, inspection, budget);
  await queries.run(
    `UPDATE inspections SET samples = samples + ?2, bytes = (SELECT total(bytes) FROM inspectedSamples WHERE inspection = ?1) WHERE id = ?1`, [inspection, samples.length]);
}

async function insertSample(queries: Queries, inspection: string, sample: MeasuredSample): Promise<void> {
  const { tokens, forks } = sample;
  const texts = JSON.stringify(sample.texts);
  const turns = sample.turns && JSON.stringify(sample.turns);
  const means = COMPARED_DIVERGENCES.map((_, row) => mean(sample.numbers.subarray(row * tokens.length, (row + 1) * tokens.length)));
  // A gap is infinite where the teacher rules a token out; SQLite keeps that.
  const worst = forks.length === 0 ? null : Math.max(...forks.map(({ gap }) => gap));
  const { lastId } = await queries.run(
    `INSERT INTO inspectedSamples (inspection, example, step, ended, length, forwardKl, reverseKl, jsd, tvd, forks, worstGap, firstFork, bytes, prompt, completion, reference, turns, source)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [inspection, sample.example, sample.step, sample.ended ? 1 : 0, tokens.length, ...means, forks.length, worst, forks[0]?.position ?? null,
      sizeOf(sample, texts, turns), sample.prompt, sample.completion, sample.reference, turns, sample.source ?? null]);
  await queries.run('INSERT INTO inspectedTokens (sample, promptTokens, tokens, texts, numbers, roles) VALUES (?, ?, ?, ?, ?, ?)', [
    lastId, toBlob(sample.promptTokens), toBlob(tokens), texts, toBlob(sample.numbers), toBlob(Uint8Array.from(sample.roles, (role) => TOKEN_ROLES.indexOf(role)))]);
  await queries.batch('INSERT INTO forks (sample, inspection, position, kind, gap, text, wanted, continuation) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    forks.map(({ position, kind, gap, text, wanted, continuation }): SqlValue[] => [lastId, inspection, position, kind, gap, text, wanted, continuation]));
}

/** Bytes that a sample takes: its arrays, its texts, and the rows around them. */
function sizeOf({ promptTokens, tokens, numbers, forks, prompt, completion, reference, source = null }: MeasuredSample, texts: string, turns: string | null): number {
  const written = [prompt, completion, reference, turns, source, texts, ...forks.flatMap(({ text, wanted, continuation }) => [text, wanted, continuation])];
  return 4 * promptTokens.length + 5 * tokens.length + 4 * numbers.length + 160 + 48 * forks.length
    + written.reduce((sum, text) => sum + (text === null ? 0 : Buffer.byteLength(text)), 0);
}

/** A divergence that is not a number is the worst there is, and must be found as such. */
function mean(values: Float32Array): number {
  return values.reduce((sum, value) => sum + (Number.isNaN(value) ? Infinity : value), 0) / Math.max(values.length, 1);
}

/** A sample with every token's numbers. @throws Problem where it has gone with its inspection */
export async function readSample(queries: Pick<Queries, 'get' | 'all'>, id: number): Promise<InspectedSample & { promptTokens: Int32Array }> {
  const row = await queries.get<SampleRowWithTokens>('SELECT * FROM inspectedSamples JOIN inspectedTokens ON sample = id WHERE id = ?', [id]);
  if (!row) throw new Problem('This sample is not there any more.', { hint: 'It went with its inspection, or gave way to worse ones.' });
  const forks = await queries.all<ToldFork>('SELECT position, kind, gap, text, wanted, continuation FROM forks WHERE sample = ? ORDER BY position', [id]);
  const promptTokens = new Int32Array(copyBytes(row.promptTokens));
  return {
    id, inspection: row.inspection, example: row.example, step: row.step, prompt: row.prompt, completion: row.completion, reference: row.reference,
    turns: row.turns === null ? null : JSON.parse(row.turns) as ChatTurn[], source: row.source,
    ended: row.ended === 1, promptLength: promptTokens.length, promptTokens, forks,
    tokens: unpackTokens({
      tokens: new Int32Array(copyBytes(row.tokens)), texts: JSON.parse(row.texts) as string[], numbers: new Float32Array(copyBytes(row.numbers)),
      roles: Array.from(row.roles, (role) => TOKEN_ROLES[role]!),
    }),
  };
}

/** A packed text as one record a token. */
export function unpackTokens({ tokens, texts, numbers, roles }: Pick<MeasuredSample, 'tokens' | 'texts' | 'numbers' | 'roles'>): InspectedSample['tokens'] {
  return Array.from(tokens, (id, at) => ({
    id, text: texts[at]!, role: roles[at]!,
    ...Object.fromEntries(TOKEN_NUMBERS.map((name, row) => [name, numbers[row * tokens.length + at]!])) as Record<TokenNumber, number>,
  }));
}

interface SampleRowWithTokens extends Omit<SampleText, 'ended' | 'turns' | 'source'> {
  inspection: string; ended: number; turns: string | null; source: string | null;
  promptTokens: Buffer; tokens: Buffer; texts: string; numbers: Buffer; roles: Buffer;
}
