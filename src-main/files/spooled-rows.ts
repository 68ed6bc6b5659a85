import { SpoolFile } from './spool-file.ts';

/** Rows that are kept until all are known, on the disk: they may be a million. */
export class SpooledRows {
  private readonly file = new SpoolFile();
  private count = 0;

  add(row: unknown): void {
    this.file.append(Buffer.from(JSON.stringify(row)));
    this.count++;
  }

  /** In the order in which they came. */
  *rows(): Generator<unknown> {
    for (let place = 0; place < this.count; place++) yield JSON.parse(this.file.read(place).toString());
  }
}
