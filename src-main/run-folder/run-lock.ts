import { readFileSync, unlinkSync } from 'node:fs';
import { open, readdir, stat, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../contract/problem.ts';
import { isAlive } from '../files/is-alive.ts';

/**
 * Locks on folders: a run folder while a process computes in it, the home while a program writes history.
 *
 * Each process that wants the folder creates a file whose name says who it is, and then looks who else is
 * there. Of two that come at once at least one sees the other. A file belongs to one process for ever, so
 * that removing the file of a dead process can never remove the lock of a living one, and nothing has to be
 * taken over. The file stays empty until the lock is held.
 */
export interface FolderLock { release(): Promise<void> }

export interface LockHolder { pid: number; host: string }

interface Owner extends LockHolder {
  /** Tells two processes with the same pid apart: clock ticks since boot on Linux, else milliseconds since 1970. */
  start: string;
}

interface Contender extends Owner { name: string; holds: boolean }

const PREFIX = '.lock.';
/** Milliseconds to wait for another that came at the same moment and has not decided yet. */
const PATIENCE = 1000;

/** Whether a folder's entry is a lock and none of its contents. */
export const isLockFile = (name: string): boolean => name.startsWith(PREFIX);

/**
 * Takes the lock, or says who has it.
 * @param what begins the message, for example "Run folder".
 * @throws Problem that names the process in whose use the folder is.
 */
export async function acquireLock(folder: string, what: string): Promise<FolderLock> {
  const self: Owner = { pid: process.pid, host: hostname(), start: startOf(process.pid) ?? ownStart() };
  const name = fileName(self);
  const path = join(folder, name);
  await create(path, what, folder, self);
  try {
    for (const deadline = Date.now() + PATIENCE; ;) {
      const others = await livingContenders(folder, name);
      if (others.length === 0) break;
      // Of several that have not decided, the first by name waits for the others to leave.
      const stronger = others.find((other) => other.holds || other.name < name) ?? (Date.now() > deadline ? others[0] : undefined);
      if (stronger) throw inUse(what, folder, stronger);
      await sleep(10);
    }
    await writeFile(path, `Retort, process ${self.pid} on ${self.host}, is using this folder.\n`);
  } catch (error) {
    await unlink(path).catch(ignoreMissing);
    throw error;
  }
  releaseAtExit(path);
  return {
    release: async () => {
      held.delete(path);
      await unlink(path).catch(ignoreMissing);
    },
  };
}

/** The living process that uses a folder, or null; null also where there is no such folder. */
export async function lockHolder(folder: string): Promise<LockHolder | null> {
  const [first] = await livingContenders(folder, '').catch((error: unknown) => {
    ignoreMissing(error);
    return [];
  });
  return first ? { pid: first.pid, host: first.host } : null;
}

async function create(path: string, what: string, folder: string, self: Owner): Promise<void> {
  try {
    await (await open(path, 'wx')).close();
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw inUse(what, folder, { ...self, name: '', holds: true });
    throw new Problem(`${what} ${folder} cannot be written (${codeOf(error)}).`, { hint: 'Check that it exists and that you may write to it.', cause: error });
  }
}

/** Everyone else who holds or wants the lock; what dead processes left behind is removed. */
async function livingContenders(folder: string, own: string): Promise<Contender[]> {
  const living: Contender[] = [];
  for (const name of await readdir(folder)) {
    const owner = name === own ? undefined : ownerOf(name);
    if (!owner) continue;
    if (lives(owner)) {
      const file = await stat(join(folder, name)).catch(ignoreMissing);
      if (file) living.push({ ...owner, name, holds: file.size > 0 });
    } else {
      await unlink(join(folder, name)).catch(ignoreMissing);
    }
  }
  return living;
}

const fileName = (owner: Owner): string => `${PREFIX}${owner.pid}.${owner.start}.${encodeURIComponent(owner.host)}`;

function ownerOf(name: string): Owner | undefined {
  const [, pid, start, host] = /^\.lock\.(\d+)\.(\d+)\.(.+)$/.exec(name) ?? [];
  return pid && start && host ? { pid: Number(pid), start, host: decodeURIComponent(host) } : undefined;
}

/** A process of another computer is believed to live, because nobody here can tell. */
function lives(owner: Owner): boolean {
  if (owner.host !== hostname()) return true;
  if (!isAlive(owner.pid)) return false;
  const start = startOf(owner.pid);
  return start === undefined || start === owner.start;
}

/** When a process started, in ticks since boot; undefined where the system does not tell. A zombie never started. */
function startOf(pid: number): string | undefined {
  if (process.platform !== 'linux') return undefined;
  let line: string;
  try {
    line = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The name in parentheses may hold anything; after it come the state (field 3) and so on to the start (22).
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? '' : fields[19];
}

const ownStart = (): string => String(Math.round(performance.timeOrigin));

function inUse(what: string, folder: string, holder: Contender): Problem {
  const elsewhere = holder.host !== hostname();
  const who = holder.pid === process.pid && !elsewhere ? `this process (${holder.pid})` : `process ${holder.pid}${elsewhere ? ` on ${holder.host}` : ''}`;
  return new Problem(`${what} ${folder} is in use by ${who}.`, {
    hint: elsewhere
      ? `Wait until it has ended. If nothing on ${holder.host} uses the folder any more, delete ${join(folder, holder.name)}.`
      : 'Wait until it has ended, or stop that process.',
  });
}

const held = new Set<string>();
let watchingExit = false;

function releaseAtExit(path: string): void {
  held.add(path);
  if (watchingExit) return;
  watchingExit = true;
  process.once('exit', () => {
    for (const lock of held) {
      try {
        unlinkSync(lock);
      } catch {
        // The folder itself may be gone; the process ends in any case.
      }
    }
  });
}

function ignoreMissing(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error;
  return undefined;
}

const codeOf = (error: unknown): string => error instanceof Error && 'code' in error ? String(error.code) : 'no error code';
