/** A name as a file is called by it: letters of any script and digits, nothing that a file system or a shell would stumble over. @param otherwise  where nothing is left */
export function fileSlug(name: string, otherwise: string): string {
  const words = name.normalize('NFC').toLowerCase().replace(/[^\p{L}\p{M}\p{N}]+/gu, '-');
  // Whole characters, of which a file's name has room for 255 bytes.
  const plain = [...words].slice(0, 60).join('').replace(/^-+|-+$/g, '');
  return plain === '' ? otherwise : plain;
}
