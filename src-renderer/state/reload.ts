/**
 * Reads something anew whenever it may have changed: one reading at a time, and one more where it was asked for
 * meanwhile. So no answer to an older question comes after that to a newer one.
 */
export class Reload {
  private readonly read: () => Promise<void>;
  private reading: Promise<void> | null = null;
  private isOld = false;

  /** @param read  deals with its errors itself */
  constructor(read: () => Promise<void>) {
    this.read = read;
  }

  /** @returns waits for a reading that began after this was called */
  again(): Promise<void> {
    this.isOld = true;
    this.reading ??= this.readUntilNew();
    return this.reading;
  }

  private async readUntilNew(): Promise<void> {
    try {
      while (this.isOld) {
        this.isOld = false;
        await this.read();
      }
    } finally {
      // At once: who asks from now on begins another.
      this.reading = null;
    }
  }
}
