import { SpoolFile } from './spool-file.ts';

/** Rows that are kept until all are known, on the disk: they may be a million. */
export class SpooledRows {
  count = 0;
  private readonly file = new SpoolFile();

  add(row: unknown): void {
    this.file.append(Buffer.from(JSON.stringify(row)));
    this.count++;
  }

  /** @param place  from 0, in the order in which they came */
  at(place: number): unknown {
    return JSON.parse(this.file.read(place).toString());
  }

  /** In the order in which they came. */
  *rows(): Generator<unknown> {
    for (let place = 0; place < this.count; place++) yield this.at(place);
  }
}
