import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const INSTALLER = /\.(AppImage|deb|dmg|exe|zip)$/;

/** Writes SHA256SUMS beside a folder's installers, as `sha256sum --check` reads it. */
export async function writeChecksums(folder) {
  const lines = [];
  for (const name of readdirSync(folder).filter((file) => INSTALLER.test(file)).sort()) {
    const hash = createHash('sha256');
    for await (const piece of createReadStream(join(folder, name))) hash.update(piece);
    lines.push(`${hash.digest('hex')}  ${name}\n`);
  }
  if (lines.length > 0) writeFileSync(join(folder, 'SHA256SUMS'), lines.join(''));
}
