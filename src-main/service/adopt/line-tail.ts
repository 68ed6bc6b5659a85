import { Problem } from '../../contract/problem.ts';
import { openFile } from '../../files/file-bytes.ts';

/** Bytes read at once, and the longest line. */
const BLOCK = 2 ** 20;
const LONGEST = 2 ** 26;

/** A file has become shorter while it was read: what was read of it is no longer its beginning. */
export class Shrunk extends Error {
  override readonly name = 'Shrunk';
}

/** The whole lines of a file that another program appends to. */
export class LineTail {
  /** Bytes that have been read. */
  offset = 0;
  private readonly path: string;
  private begun: Buffer[] = [];
  private begunBytes = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** The lines that have become whole since the last call, in order. @throws Shrunk; Problem where the file holds a line that no event is */
  async *read(): AsyncGenerator<string> {
    const file = await openFile(this.path);
    try {
      if ((await file.stat()).size < this.offset) throw new Shrunk();
      for (;;) {
        const block = Buffer.alloc(BLOCK);
        const { bytesRead } = await file.read(block, 0, BLOCK, this.offset);
        if (bytesRead === 0) return;
        this.offset += bytesRead;
        yield* this.split(block.subarray(0, bytesRead));
      }
    } finally {
      await file.close();
    }
  }

  private *split(block: Buffer): Generator<string> {
    let start = 0;
    for (let end = block.indexOf(10); end >= 0; end = block.indexOf(10, start)) {
      yield Buffer.concat([...this.begun, block.subarray(start, end)]).toString('utf8');
      this.begun = [];
      this.begunBytes = 0;
      start = end + 1;
    }
    if (start === block.length) return;
    this.begun.push(block.subarray(start));
    this.begunBytes += block.length - start;
    if (this.begunBytes > LONGEST) throw new Problem(`${this.path} holds a line of more than ${LONGEST / 2 ** 20} MiB.`, { hint: 'It is not what retort handover\'s scripts write.' });
  }
}
