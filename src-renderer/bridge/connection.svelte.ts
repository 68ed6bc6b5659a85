import type { Cut } from './bridge.ts';

/** How the connection of the feed stands, for what is shown. */
export class Connection {
  cut = $state<Cut | null>(null);

  /** Asks why the feed is not connected: a browser tells scripts nothing about a refused socket. */
  async lost(): Promise<void> {
    this.cut ??= 'silent';
    const answer = await fetch('/', { method: 'HEAD', cache: 'no-store' }).catch(() => null);
    // It may have come back meanwhile.
    if (this.cut !== null) this.cut = answer?.status === 401 || answer?.status === 403 ? 'stranger' : 'silent';
  }

  found(): void {
    this.cut = null;
  }
}
