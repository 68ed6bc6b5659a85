/** What current engines have beside ES2023; older ones leave memory to their collector. */
interface Resizable { readonly resizable?: boolean; resize?(bytes: number): void }
type MakeResizable = new (bytes: number, options: { maxByteLength: number }) => ArrayBuffer;

/**
 * Memory that goes back to the system when it is released. What the collector would take back stays for as long as nothing
 * is allocated in JavaScript, and a model that computes outside of it needs the room before that.
 */
export class PassingBytes {
  private readonly buffers: ArrayBuffer[] = [];

  /** Zeros. After `release` they are no more: views have the length 0. */
  take(bytes: number): Uint8Array {
    const buffer = new (ArrayBuffer as MakeResizable)(bytes, { maxByteLength: bytes });
    this.buffers.push(buffer);
    return new Uint8Array(buffer, 0, bytes);
  }

  /** Nobody reads any of it any more. */
  release(): void {
    for (const buffer of this.buffers.splice(0) as Resizable[]) if (buffer.resizable) buffer.resize!(0);
  }
}
