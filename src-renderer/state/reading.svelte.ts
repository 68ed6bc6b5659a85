import type { Bridge } from '../bridge/bridge.ts';
import { ASKER } from './asked.svelte.ts';

/** Milliseconds after which nothing more is said of a file that nobody reads any longer. */
const QUIET = 3000;

/** How many rows have been read so far of a long file that this window waits for. */
export class ReadingState {
  /** Null where no long file is read. */
  rows = $state<number | null>(null);
  private readonly bridge: Bridge;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(bridge: Bridge) {
    this.bridge = bridge;
  }

  follow(): () => void {
    const end = this.bridge.subscribe((message) => {
      if (message.topic !== 'reading' || message.asker !== ASKER) return;
      this.rows = message.rows;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => { this.rows = null; }, QUIET);
    });
    return () => {
      clearTimeout(this.timer);
      end();
    };
  }
}
