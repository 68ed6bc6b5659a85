import { SpoolFile } from '../files/spool-file.ts';

/** How often a text has a key. */
export interface Occurrence { text: number; count: number }

/** Keys are told apart in so many parts, one of which is in memory at a time. */
const PARTS = 256;
/** Characters of a part that wait in memory to be written. */
const WAITING = 2 ** 14;

/**
 * Which texts share which keys, of any number of texts: beyond a few megabytes the occurrences lie on the disk. A key
 * holds no line break.
 */
export class SharedKeys {
  private readonly waiting = new Array<string>(PARTS).fill('');
  private readonly written = Array.from({ length: PARTS }, (): number[] => []);
  private readonly most: number;
  private file: SpoolFile | null = null;
  private records = 0;

  /** @param most  characters of a part that are not written yet */
  constructor(most = WAITING) {
    this.most = most;
  }

  add(key: string, { text, count }: Occurrence): void {
    const part = partOf(key);
    const lines = `${this.waiting[part]!}${text} ${count} ${key}\n`;
    this.waiting[part] = lines;
    if (lines.length < this.most) return;
    this.file ??= new SpoolFile();
    // Every character as it is, halves of a pair too.
    this.file.append(Buffer.from(lines, 'utf16le'));
    this.written[part]!.push(this.records++);
    this.waiting[part] = '';
  }

  /** Every key with the texts that have it, these in the order in which they came. */
  *all(): Generator<[key: string, occurrences: readonly Occurrence[]]> {
    for (let part = 0; part < PARTS; part++) {
      const found = new Map<string, Occurrence[]>();
      for (const lines of this.linesOf(part)) {
        for (const line of lines.split('\n')) {
          if (line === '') continue;
          const second = line.indexOf(' ');
          const third = line.indexOf(' ', second + 1);
          const occurrence = { text: Number(line.slice(0, second)), count: Number(line.slice(second + 1, third)) };
          const key = line.slice(third + 1);
          const known = found.get(key);
          if (known) known.push(occurrence);
          else found.set(key, [occurrence]);
        }
      }
      yield* found;
    }
  }

  private *linesOf(part: number): Generator<string> {
    for (const place of this.written[part]!) yield this.file!.read(place).toString('utf16le');
    yield this.waiting[part]!;
  }
}

/** FNV-1a, over the whole key. */
function partOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % PARTS;
}
