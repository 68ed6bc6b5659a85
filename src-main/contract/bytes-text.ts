/** A number of bytes as a person reads it: "1.5 GiB", "34 MiB". */
export function bytesText(bytes: number): string {
  if (bytes >= 2 ** 30 / 10) return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  return bytes >= 2 ** 20 ? `${(bytes / 2 ** 20).toFixed(0)} MiB` : `${Math.ceil(bytes / 2 ** 10)} KiB`;
}
