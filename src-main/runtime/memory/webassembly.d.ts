/**
 * The little of WebAssembly's JavaScript interface that Retort uses: TypeScript declares it only in its DOM
 * library, whose other globals a Node program does not have.
 */
declare namespace WebAssembly {
  class Memory {
    /** Both sizes in pages of 64 KiB. */
    constructor(limits: { initial: number; maximum: number });
    readonly buffer: ArrayBuffer;
  }
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: { env: { memory: Memory } });
    readonly exports: Readonly<Record<string, unknown>>;
  }
}
