import { DEFAULT_SETTINGS, settingsSchema, type Settings } from '../contract/api/settings.ts';
import { readSettings, writeSettings } from '../store/settings.ts';
import type { Database } from '../store/sqlite.ts';
import type { Feed } from './feed.ts';
import type { Handlers } from './handlers.ts';

/** What the person chose for the whole program. */
export class Preferences {
  #settings: Settings;

  private constructor(settings: Settings) {
    this.#settings = settings;
  }

  static async read(database: Database): Promise<Preferences> {
    const stored = await readSettings(database);
    // A value of another version that is no longer understood falls back to its default, and the others stay.
    const known = Object.entries(settingsSchema.shape).flatMap(([name, schema]) => {
      const parsed = schema.safeParse(stored[name]);
      return parsed.success ? [[name, parsed.data]] : [];
    });
    return new Preferences({ ...DEFAULT_SETTINGS, ...Object.fromEntries(known) as Partial<Settings> });
  }

  get(): Settings {
    return this.#settings;
  }

  /**
   * @param checkWorker  throws where another worker is chosen that cannot be had; then nothing changes
   */
  calls(
    database: Database, feed: Feed, checkWorker: (settings: Settings) => void, onChange: () => void,
  ): Handlers<'settings.get' | 'settings.set'> {
    return {
      'settings.get': async () => this.#settings,
      'settings.set': async (changes) => {
        const before = this.#settings;
        const given = Object.entries(changes).filter(([, value]) => value !== undefined);
        const after: Settings = { ...before, ...Object.fromEntries(given) };
        if (after.worker !== before.worker) checkWorker(after);
        this.#settings = after;
        // Before anyone can see them: whoever does must meet the worker that they ask for.
        onChange();
        await writeSettings(database, after);
        feed.publish({ topic: 'settings', settings: after });
        return after;
      },
    };
  }
}
