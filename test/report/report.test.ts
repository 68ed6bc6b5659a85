import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { statedLicence } from '../../src-main/report/model-facts.ts';
import { writeReport } from '../../src-main/report/write-report.ts';
import { findRun } from '../../src-main/store/runs.ts';
import type { Database } from '../../src-main/store/sqlite.ts';
import { historyWithRun, temporaryFolder } from '../store/fixtures.ts';
import { markupFaults } from '../support/markup.ts';
import { seedHostileRun, seedInspection } from './report-fixture.ts';

async function reportOf(database: Database, id: string): Promise<string> {
  const to = join(await temporaryFolder(), 'report.html');
  expect(await writeReport(database, await findRun(database, id), to, { replace: false })).toBeGreaterThan(0);
  return readFile(to, 'utf8');
}

/** What a browser would run, load or follow. */
function expectHarmless(page: string): void {
  expect(markupFaults(page)).toEqual([]);
  expect(page).toMatch(/<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-[\w+/=]{44}'">/);
  expect(page).not.toMatch(/<(script|img|link|iframe|object|embed|base|a|form|image|use|foreignObject)\b/i);
  expect(page.match(/<style>/g)).toHaveLength(1);
  expect(/<style>([^<]*)<\/style>/.exec(page)![1]).not.toMatch(/url\(|@import|http/);
  for (const [tag] of page.matchAll(/<[a-z][^<>]*>/gi)) expect(tag.replaceAll(/"[^"]*"/g, '')).not.toMatch(/\s(src|href|srcset|xlink:href|on\w+|style)=/i);
}

it('tells all of a run and lets nothing in its texts out of its place', async () => {
  const database = await historyWithRun();
  await seedHostileRun(database);
  await seedInspection(database);
  const page = await reportOf(database, 'h');
  expectHarmless(page);
  expect(page).not.toContain('<script>');
  expect(page).not.toContain('\u0000');
  // The hostile text is still told, as text.
  expect(page.split('&lt;img src=&quot;http://evil.example/x.png&quot; onerror=alert(1)&gt;').length).toBeGreaterThan(20);
  for (const told of [
    'JSD with β\u00a00.1', 'λ\u00a00.5', 'The most telling forks', 'In 3 texts of the student at step 500 the teacher found 2 forks', 'wrong number', 'early end', '3.500 nats', 'ruled out',
    '>Loss<', '>Divergence<', '>Held-out divergence<', '>accuracy<', '>Gradient norm<', '>Learning rate<', '>Length of rollouts<', '>Rollouts that ended<', '0.3000 <small>0.2000 to 0.4000</small>',
    '40.0% to 60.0%', '25.0% at step 0', '6 s in 500 steps', 'not stated in its folder', 'What the numbers mean', 'train.jsonl', 'Report written by Retort',
  ]) expect(page, told).toContain(told);
  // The spike of one step in five is in the band and in the table, though the line is a mean.
  expect(page).toContain('77.25');
  // A person's folders are nobody else's business.
  expect(page).not.toContain('secret');
  // Every chart is told in words and has its numbers.
  const charts = page.match(/<figure class="chart"/g)!.length;
  expect(charts).toBeGreaterThanOrEqual(10);
  expect(page.match(/<title id=/g)).toHaveLength(charts);
  expect(page.match(/<desc id=/g)).toHaveLength(charts);
  expect(page.match(/<summary>Numbers/g)).toHaveLength(charts);
  expect(page).not.toMatch(/NaN|Infinity|undefined|\[object/);
});

it('shows the worst rollouts where nobody has inspected, and says little of a run that measured nothing', async () => {
  const database = await historyWithRun();
  await seedHostileRun(database);
  const page = await reportOf(database, 'h');
  expectHarmless(page);
  expect(page).toContain('Furthest from the teacher');
  expect(page).toContain('Of 2 texts recorded in training');
  // Without its tokenizer a text is told as a whole.
  expect(page).toContain('Its tokens by their places');
  const empty = await reportOf(database, 'a');
  expectHarmless(empty);
  expect(empty).toContain('No step was measured.');
});

it('says where the checkpoints of a run have gone', async () => {
  const database = await historyWithRun();
  const folder = await temporaryFolder();
  const tell = async (): Promise<boolean> => (await reportOf(database, 'a')).includes('Its checkpoints are not there');
  await database.transaction((queries) => queries.run('UPDATE runs SET runDir = ?', [folder]));
  expect(await tell()).toBe(false);
  const checkpoint = join(folder, 'checkpoints', 'step-5');
  await mkdir(checkpoint, { recursive: true });
  await writeFile(join(checkpoint, 'state.json'), '{}');
  await database.transaction((queries) => queries.run('UPDATE runs SET checkpointStep = 5, checkpointPath = ?', [checkpoint]));
  expect(await tell()).toBe(false);
  await rm(checkpoint, { recursive: true });
  expect(await tell()).toBe(true);
});

it('never goes over anything but an earlier report', async () => {
  const database = await historyWithRun();
  const run = await findRun(database, 'a');
  const folder = await temporaryFolder();
  const to = join(folder, 'report.html');
  expect(await writeReport(database, run, to, { replace: false })).toBeGreaterThan(0);
  expect(await writeReport(database, run, to, { replace: false })).toBeNull();
  expect(await writeReport(database, run, to, { replace: true })).toBeGreaterThan(0);
  const other = join(folder, 'thesis.html');
  await writeFile(other, '<!doctype html>\nmine');
  await expect(writeReport(database, run, other, { replace: true })).rejects.toThrow('is not the report of a run');
  expect(await readFile(other, 'utf8')).toContain('mine');
  await expect(writeReport(database, run, folder, { replace: true })).rejects.toThrow('is not the report of a run');
  await expect(writeReport(database, run, join(folder, 'nowhere', 'report.html'), { replace: false })).rejects.toThrow('does not exist');
});

it('reads the licence that a card states in its head', async () => {
  const folder = join(await temporaryFolder(), 'model');
  await mkdir(folder);
  const card = (text: string): Promise<void> => writeFile(join(folder, 'README.md'), text);
  expect(await statedLicence(folder)).toBeNull();
  await card('---\nlibrary_name: x\nlicense: "apache-2.0" # sure\n---\n# Model\nlicense: none\n');
  expect(await statedLicence(folder)).toBe('apache-2.0');
  // Of a data file it is the card beside it.
  await writeFile(join(folder, 'train.jsonl'), '');
  expect(await statedLicence(join(folder, 'train.jsonl'))).toBe('apache-2.0');
  await card('---\nlicense: # fill in: the licences of teacher, student and data decide\n---\n');
  expect(await statedLicence(folder)).toBeNull();
  await card('license: mit\n');
  expect(await statedLicence(folder)).toBeNull();
});

