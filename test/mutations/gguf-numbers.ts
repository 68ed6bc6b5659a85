/** Bytes of each scalar type of GGUF's metadata by its number. */
const SIZES: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 };
const [TEXT, LIST] = [8, 9];

/** Where a number lies in a file's header, and what it is. */
interface NumberPlace { what: string; at: number; bytes: number; isFloat: boolean }

/** Every number of a GGUF header: counts, lengths, values, types, sides and places of tensors. */
export function numbersIn(file: Buffer): NumberPlace[] {
  const places: NumberPlace[] = [];
  let at = 4;
  const number = (what: string, bytes: number, isFloat = false): number => {
    places.push({ what, at, bytes, isFloat });
    const value = bytes === 8 ? Number(file.readBigUInt64LE(at)) : file.readUIntLE(at, bytes);
    at += bytes;
    return value;
  };
  const text = (what: string): string => {
    const length = number(`length of ${what}`, 8);
    at += length;
    return file.toString('utf8', at - length, at);
  };
  const value = (key: string, type: number): void => {
    if (type === TEXT) text(key);
    else if (type === LIST) {
      const itemType = number(`type of ${key}`, 4);
      const length = number(`items of ${key}`, 8);
      for (let item = 0; item < length; item++) value(`${key}[${item}]`, itemType);
    } else number(key, SIZES[type]!, type === 6 || type === 12);
  };
  number('version', 4);
  const [tensors, keys] = [number('tensors', 8), number('keys', 8)];
  for (let key = 0; key < keys; key++) {
    const name = text('a key');
    value(name, number(`type of ${name}`, 4));
  }
  for (let tensor = 0; tensor < tensors; tensor++) {
    const name = text('a tensor');
    const sides = number(`sides of ${name}`, 4);
    for (let side = 0; side < sides; side++) number(`side of ${name}`, 8);
    number(`type of ${name}`, 4);
    number(`place of ${name}`, 8);
  }
  return places;
}

const WHOLE = [0, 1, 2, 3, 5, 7, 255, 1000, 65_537, 2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 40, 2 ** 53, 2 ** 63];
const REAL = [0, -1, NaN, Infinity, 1e-38, 1e30, 0.5, 3];

/** The file with another number at a place, and which one that is. @param choice  which one */
export function withNumber(file: Buffer, { what, at, bytes, isFloat }: NumberPlace, choice: number): { changed: Buffer; what: string } {
  const changed = Buffer.from(file);
  if (isFloat) {
    const value = REAL[choice % REAL.length]!;
    if (bytes === 8) changed.writeDoubleLE(value, at);
    else changed.writeFloatLE(value, at);
    return { changed, what: `${what} = ${value}` };
  }
  const fitting = WHOLE.filter((value) => value < 2 ** (8 * bytes));
  const value = fitting[choice % fitting.length]!;
  if (bytes === 8) changed.writeBigUInt64LE(BigInt(value), at);
  else changed.writeUIntLE(value, at, bytes);
  return { changed, what: `${what} = ${value}` };
}
