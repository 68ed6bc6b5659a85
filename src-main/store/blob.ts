// Every platform Retort runs on is little-endian, so the arrays are stored as they lie in memory.
export const toBlob = (array: Int32Array | Float32Array | Uint8Array): Buffer => Buffer.from(array.buffer, array.byteOffset, array.byteLength);

/** A Buffer may start at any byte; the copy starts where a typed array may. */
export const copyBytes = (blob: Buffer): ArrayBuffer => new Uint8Array(blob).buffer;
