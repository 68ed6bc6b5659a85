import type { Allowed, Reach } from '../../contract/consent.ts';
import { Problem } from '../../contract/problem.ts';
import type { Recipe } from '../../contract/recipe.ts';
import { readSettings, writeSettings } from '../../store/settings.ts';
import type { Database } from '../../store/sqlite.ts';
import { reachesOf } from './reaches.ts';

/** Asks the person; nobody else may answer. @returns whether the answer, a yes, is kept. @throws Problem where it is no */
export type AskPerson = (reaches: readonly Reach[]) => Promise<{ isKept: boolean }>;

/** Beside the settings that the interface may set, which this is none of. */
const NAME = 'consent';

/** What the person has allowed recipes to start and to send to: once for the same content. */
export class Consent {
  private readonly database: Database;
  private readonly ask: AskPerson;

  constructor(database: Database, ask: AskPerson) {
    this.database = database;
    this.ask = ask;
  }

  /** Sees that all that a run of these recipes reaches is allowed, asking where it is not. @returns the digests. @throws Problem where the person does not allow it */
  settle(...recipes: readonly Recipe[]): Promise<string[]> {
    return this.allow(recipes.flatMap(reachesOf));
  }

  /** The same of what is reached without a recipe. */
  async allow(wanted: readonly Reach[]): Promise<string[]> {
    const reaches = [...new Map(wanted.map((reach) => [reach.digest, reach])).values()];
    const known = new Set((await this.list()).map(({ digest }) => digest));
    const unknown = reaches.filter(({ digest }) => !known.has(digest));
    if (unknown.length > 0 && (await this.ask(unknown)).isKept) await this.keep(unknown);
    return reaches.map(({ digest }) => digest);
  }

  async list(): Promise<Allowed[]> {
    const stored = (await readSettings(this.database))[NAME];
    return Array.isArray(stored) ? stored as Allowed[] : [];
  }

  async keep(reaches: readonly Reach[]): Promise<void> {
    const at = Date.now();
    const digests = new Set(reaches.map(({ digest }) => digest));
    await this.write([...(await this.list()).filter(({ digest }) => !digests.has(digest)), ...reaches.map((reach) => ({ ...reach, at }))]);
  }

  /** Asks again the next time. */
  async remove(digest: string): Promise<void> {
    const list = await this.list();
    if (!list.some((allowed) => allowed.digest === digest)) throw new Problem('This is not allowed any more.');
    await this.write(list.filter((allowed) => allowed.digest !== digest));
  }

  private async write(list: readonly Allowed[]): Promise<void> {
    await writeSettings(this.database, { [NAME]: list });
  }
}
