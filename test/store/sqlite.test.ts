import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSqlite } from '../../src-main/store/sqlite.ts';
import { temporaryFolder } from './fixtures.ts';

describe('sqlite', () => {
  it('keeps other calls out of a transaction', async () => {
    const database = await openSqlite(join(await temporaryFolder(), 'x.sqlite'), { readOnly: false });
    await database.exec('CREATE TABLE t (x)');
    const failing = database.transaction(async (queries) => {
      await queries.run('INSERT INTO t VALUES (1)');
      await new Promise((resolve) => setTimeout(resolve, 5));
      await queries.run('INSERT INTO t VALUES (2)');
      throw new Error('changed my mind');
    });
    const outside = database.run('INSERT INTO t VALUES (3)');
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await outside).toEqual({ changes: 1, lastId: 1 });
    expect(await database.all('SELECT x FROM t')).toEqual([{ x: 3 }]);
    await database.close();
  });

  it('reports the first bad row of a batch, and undoes the others within a transaction', async () => {
    const database = await openSqlite(join(await temporaryFolder(), 'x.sqlite'), { readOnly: false });
    await database.exec('CREATE TABLE t (x INTEGER PRIMARY KEY)');
    const batch = database.transaction((queries) => queries.batch('INSERT INTO t VALUES (?)', [[1], [2], [1]]));
    await expect(batch).rejects.toMatchObject({ name: 'Problem', message: expect.stringMatching(/UNIQUE constraint failed/) });
    await expect(database.batch('INSERT INTO nowhere VALUES (?)', [[1]])).rejects.toThrow(/no such table/);
    await database.batch('INSERT INTO t VALUES (?)', []);
    expect(await database.all('SELECT x FROM t')).toEqual([]);
    await database.close();
    await expect(database.get('SELECT 1')).rejects.toThrow('it has been closed');
    await expect(database.close()).rejects.toThrow('it has been closed');
  });

  it('stores what JavaScript has: large integers, NaN as NULL, infinity, bytes', async () => {
    const database = await openSqlite(':memory:', { readOnly: false });
    await database.exec('CREATE TABLE t (a INTEGER, b REAL, c REAL, d BLOB)');
    await database.run('INSERT INTO t VALUES (?, ?, ?, ?)', [1_700_000_000_000, NaN, Infinity, Buffer.from([0, 255])]);
    expect(await database.get('SELECT *, typeof(a) AS type FROM t')).toEqual(
      { a: 1_700_000_000_000, b: null, c: Infinity, d: Buffer.from([0, 255]), type: 'integer' });
    await database.close();
  });
});
