import type { Device } from '../../contract/divergence.ts';
import { InspectedPair } from './open-pair.ts';

/** Milliseconds after which models that nobody asks about are let go. */
const KEPT = 300_000;

interface Kept { key: string; pair: Promise<InspectedPair>; users: number }

/** Keeps the pair that was asked about last in memory, so that looking at one token after the other costs no loading. */
export class PairKeeper {
  private kept: Kept | null = null;
  private timer: NodeJS.Timeout | undefined;

  /** Does something with a pair, which stays open as long as that takes. */
  async use<T>(student: string, teacher: string, device: Device, work: (pair: InspectedPair) => Promise<T>): Promise<T> {
    const key = JSON.stringify([student, teacher, device]);
    if (this.kept?.key !== key) {
      this.letGo();
      this.kept = { key, pair: InspectedPair.open(student, teacher, device), users: 0 };
    }
    const kept = this.kept;
    clearTimeout(this.timer);
    kept.users++;
    try {
      return await work(await kept.pair);
    } catch (error) {
      // A folder that could not be opened may be whole the next time.
      if (await kept.pair.then(() => false, () => true) && this.kept === kept) this.kept = null;
      throw error;
    } finally {
      kept.users--;
      if (this.kept !== kept) release(kept);
      else if (kept.users === 0) this.timer = setTimeout(() => this.letGo(), KEPT).unref();
    }
  }

  private letGo(): void {
    const { kept } = this;
    this.kept = null;
    if (kept) release(kept);
  }
}

function release({ users, pair }: Kept): void {
  if (users === 0) void pair.then((open) => open.release()).catch(() => undefined);
}
