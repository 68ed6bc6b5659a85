import { homedir } from 'node:os';
import { join, posix, win32 } from 'node:path';

interface Surroundings { platform: NodeJS.Platform; env: Record<string, string | undefined>; home: string }

const here = (): Surroundings => ({ platform: process.platform, env: process.env, home: homedir() });

/** Where history and settings live when the user names no folder with `--home`. */
export function defaultHome({ platform, env, home }: Surroundings = here()): string {
  if (platform === 'win32') return win32.join(env.APPDATA || win32.join(home, 'AppData', 'Roaming'), 'Retort');
  if (platform === 'darwin') return posix.join(home, 'Library', 'Application Support', 'Retort');
  // The XDG specification asks to ignore a relative path.
  const data = env.XDG_DATA_HOME;
  return posix.join(data && posix.isAbsolute(data) ? data : posix.join(home, '.local', 'share'), 'retort');
}

/** Where packages are that a person adds for what Retort does without them. */
export const peersFolder = (home: string): string => process.env['RETORT_PEERS'] ?? join(home, 'peers');

export const HISTORY_FILE = 'retort.sqlite';
