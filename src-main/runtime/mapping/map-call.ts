/** A file's bytes at an address of this process; they are read as they are used, and shared with every process that maps the file. */
export interface Mapping { readonly address: bigint; unmap(): void }

/** Maps the first `bytes` of a file for reading; null where the system will not. @param fd  the file, open for reading */
export type MapCall = (path: string, fd: number, bytes: number) => Mapping | null;
