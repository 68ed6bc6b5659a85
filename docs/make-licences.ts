import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Writes resources/licences.json: what is delivered with the program, from package-lock.json. That is every dependency
 * of the main side with its own, and the libraries bundled into the interface.
 */
interface Locked { version: string; license?: string; dev?: boolean; optional?: boolean; peer?: boolean }
const BUNDLED = ['svelte', 'bits-ui', 'uplot', '@lucide/svelte', 'electron'];

export function licences(lock: string): string {
  const { packages } = JSON.parse(lock) as { packages: Record<string, Locked> };
  const named = Object.entries(packages).flatMap(([path, { version, license, dev, peer }]) => {
    const name = path.replace(/^.*node_modules\//, '');
    const isDelivered = path !== '' && (BUNDLED.includes(name) || (!dev && !peer));
    return isDelivered ? [{ name, version, licence: license ?? 'see its package' }] : [];
  });
  const unique = new Map(named.map((entry) => [`${entry.name}@${entry.version}`, entry]));
  return `${JSON.stringify([...unique.values()].sort((a, b) => a.name.localeCompare(b.name)), null, 1)}\n`;
}

if (import.meta.filename === process.argv[1]) writeFileSync('resources/licences.json', licences(readFileSync('package-lock.json', 'utf8')));
