import type { Device } from '../../contract/divergence.ts';
import { OpenWriter } from './open-writer.ts';

/** Milliseconds after which models that nobody asks are let go, and how many stay open. */
const KEPT = 300_000;
const MOST = 4;

interface Kept { key: string; open: Promise<OpenWriter>; /** Questions are answered one after the other. */ last: Promise<unknown>; users: number }

/** Keeps the models that a person talks to in memory, so that a turn costs no loading. */
export class WriterKeeper {
  /** The one that was asked last comes last. */
  private kept: Kept[] = [];
  private timer: NodeJS.Timeout | undefined;

  /** Does something with an open model, once it has done what it was asked before. */
  async use<T>(path: string, device: Device, work: (writer: OpenWriter) => Promise<T>): Promise<T> {
    const key = JSON.stringify([path, device]);
    const kept = this.kept.find((one) => one.key === key) ?? { key, open: OpenWriter.open(path, device), last: Promise.resolve(), users: 0 };
    this.kept = [...this.kept.filter((one) => one !== kept), kept];
    clearTimeout(this.timer);
    kept.users++;
    this.letGo(MOST);
    const answer = kept.last.then(() => kept.open).then(work);
    kept.last = answer.catch(() => undefined);
    try {
      return await answer;
    } catch (error) {
      // A folder that could not be opened may be whole the next time.
      if (await kept.open.then(() => false, () => true)) this.kept = this.kept.filter((one) => one !== kept);
      throw error;
    } finally {
      kept.users--;
      this.letGo(MOST);
      this.timer = setTimeout(() => { this.letGo(0); }, KEPT).unref();
    }
  }

  /** Lets those go that were asked longest ago and are not asked now, down to so many. */
  private letGo(most: number): void {
    for (const kept of this.kept.filter(({ users }) => users === 0).slice(0, Math.max(0, this.kept.length - most))) {
      this.kept = this.kept.filter((one) => one !== kept);
      void kept.open.then((open) => open.release()).catch(() => undefined);
    }
  }
}
