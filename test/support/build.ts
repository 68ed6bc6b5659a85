import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const BUILT = 'out/main/cli.js';
export const CLI = join(process.cwd(), BUILT);

/** Builds the program where its sources have changed since, so that tests of the command line start what users start. */
export default function build(): void {
  const sources = [
    'package.json', 'electron.vite.config.ts',
    ...['src-main', 'src-renderer'].flatMap((room) => readdirSync(room, { recursive: true, encoding: 'utf8' }).map((file) => join(room, file))),
  ];
  const built = statSync(BUILT, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (sources.some((file) => statSync(file).mtimeMs > built)) execFileSync('npx', ['electron-vite', 'build', '--ignoreConfigWarning'], { stdio: 'pipe' });
}
