import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MIGRATIONS, migrate, schemaVersion } from '../../src-main/store/migrate.ts';
import { openHistory } from '../../src-main/store/open-history.ts';
import { createRun, listRuns } from '../../src-main/store/runs.ts';
import { openSqlite } from '../../src-main/store/sqlite.ts';
import { recipe, temporaryFolder } from './fixtures.ts';

const first = { version: 1, sql: 'CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT); INSERT INTO notes (text) VALUES (\'old\')' };
const second = { version: 2, sql: 'ALTER TABLE notes ADD COLUMN stars INTEGER NOT NULL DEFAULT 3' };

describe('migrate', () => {
  it('numbers the migrations without a gap', () => {
    expect(MIGRATIONS.map((migration) => migration.version)).toEqual(MIGRATIONS.map((_, index) => index + 1));
  });

  it('copies the old database aside, once for each attempt, and not a new one', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'notes.sqlite');
    const database = await openSqlite(file, { readOnly: false });
    expect(await migrate(database, [first])).toBeNull();
    expect(await migrate(database, [first])).toBeNull();
    await writeFile(`${file}.schema-1.backup`, 'of an earlier attempt');
    const backup = await migrate(database, [first, second]);
    expect(await database.all('SELECT * FROM notes')).toEqual([{ id: 1, text: 'old', stars: 3 }]);
    await database.close();

    expect(backup).toBe(`${file}.schema-1-1.backup`);
    expect(await readFile(`${file}.schema-1.backup`, 'utf8')).toBe('of an earlier attempt');
    const copy = await openSqlite(backup ?? '', { readOnly: true });
    expect(await schemaVersion(copy)).toBe(1);
    expect(await copy.all('SELECT * FROM notes')).toEqual([{ id: 1, text: 'old' }]);
    await copy.close();
  });

  it('leaves the old schema whole when a migration fails half-way', async () => {
    const database = await openSqlite(join(await temporaryFolder(), 'notes.sqlite'), { readOnly: false });
    await migrate(database, [first]);
    const broken = { version: 3, sql: 'DROP TABLE notes; CREATE TABLE nonsense (' };
    await expect(migrate(database, [first, second, broken])).rejects.toThrow(/incomplete input/);
    expect(await schemaVersion(database)).toBe(1);
    expect(await database.all('SELECT * FROM notes')).toEqual([{ id: 1, text: 'old' }]);
    await database.close();
  });

  it('refuses a migration that breaks references', async () => {
    const database = await openSqlite(join(await temporaryFolder(), 'notes.sqlite'), { readOnly: false });
    const parent = { version: 1, sql: 'CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p (id)); INSERT INTO p VALUES (1); INSERT INTO c VALUES (1)' };
    await migrate(database, [parent]);
    await expect(migrate(database, [parent, { version: 2, sql: 'DELETE FROM p' }])).rejects.toThrow(/references of c/);
    expect(await database.all('SELECT * FROM p')).toEqual([{ id: 1 }]);
    await database.close();
  });
});

describe('openHistory', () => {
  it('refuses a database from the future and leaves every byte alone, its write-ahead log included', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'retort.sqlite');
    const newer = await openHistory(file);
    await newer.exec('CREATE TABLE from_the_future (x); PRAGMA user_version = 99');
    // Copied while open: a program that was killed leaves a log like this one.
    const killed = await temporaryFolder();
    for (const name of ['retort.sqlite', 'retort.sqlite-wal']) await writeFile(join(killed, name), await readFile(join(folder, name)));
    await newer.close();

    for (const place of [folder, killed]) {
      const contents = (): Promise<[string, Buffer][]> => Promise.all(['retort.sqlite', ...(place === killed ? ['retort.sqlite-wal'] : [])]
        .map(async (name): Promise<[string, Buffer]> => [name, await readFile(join(place, name))]));
      const before = await contents();
      await expect(openHistory(join(place, 'retort.sqlite'))).rejects.toMatchObject({
        name: 'Problem', kind: 'input', message: expect.stringMatching(/retort\.sqlite was written by a newer Retort \(schema 99; this one knows \d+\)/),
      });
      await expect(openHistory(join(place, 'retort.sqlite'), { readOnly: true })).rejects.toThrow(/newer Retort/);
      expect(await contents()).toEqual(before);
      expect((await readdir(place)).filter((name) => name.includes('backup'))).toEqual([]);
    }
  });

  it('lets a second program read while the first one writes', async () => {
    const file = join(await temporaryFolder(), 'home', 'retort.sqlite');
    await expect(openHistory(file, { readOnly: true })).rejects.toThrow(/no history/);
    const writer = await openHistory(file);
    const reader = await openHistory(file, { readOnly: true });
    await createRun(writer, { id: 'a', name: 'subjects', recipe, runDir: '/runs/a' });
    expect(await listRuns(reader)).toMatchObject([{ id: 'a', name: 'subjects', status: 'running', recipe }]);
    await expect(createRun(reader, { id: 'b', name: 'b', recipe, runDir: '/runs/b' })).rejects.toThrow(/cannot be written/);
    await reader.close();
    await writer.close();
  });

  it('says so when the file is something else', async () => {
    const file = join(await temporaryFolder(), 'retort.sqlite');
    await writeFile(file, 'This is a letter, long enough that nobody could take it for a database. '.repeat(20));
    await expect(openHistory(file)).rejects.toMatchObject({ name: 'Problem', kind: 'failure', message: expect.stringMatching(/not a database/) });
    expect(await readFile(file, 'utf8')).toMatch(/^This is a letter/);
  });
});
