/** A name as a file is called by it: nothing in it that a file system or a shell would stumble over. @param otherwise  where nothing is left */
export function fileSlug(name: string, otherwise: string): string {
  const plain = name.normalize('NFKD').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 60);
  return plain === '' ? otherwise : plain;
}
