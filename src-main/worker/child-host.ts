import { fork, type ChildProcess } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandMap, WorkerHost } from '../contract/worker-host.ts';
import type { HostPort, WorkerEnd } from './ports.ts';
import { WorkerClient, type ClientOptions } from './worker-client.ts';

interface ChildOptions extends ClientOptions {
  /** Told what the child writes to stdout and stderr, for the log. */
  onOutput?: (text: string) => void;
  /** Arguments of Node itself; those of this process if left out. */
  execArgv?: string[];
  /** The Node to start; the one of this process if left out. */
  execPath?: string;
  /** Variables added to the child's environment. */
  env?: Readonly<Record<string, string>>;
}

const IS_GROUP = process.platform !== 'win32';

/** How much of stderr is kept to explain a death, in characters. */
const TAIL = 8192;
/** Milliseconds in which the end of a process and the end of its channels should follow each other. */
const GRACE = 1000;

/** The worker in a Node process of its own. `entry` is a file that calls `serve(processPort(), ...)`. */
export function childHost<M extends CommandMap>(entry: string, commands: M, options: ChildOptions = {}): WorkerHost<M> {
  const { onOutput, execArgv, execPath, env, ...client } = options;
  const child = fork(entry, [], {
    // A group of its own: what it has started (a reward's program) ends with it, whatever ends it.
    detached: IS_GROUP, serialization: 'advanced', stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env: { ...process.env, ...env },
    ...(execArgv === undefined ? {} : { execArgv }), ...(execPath === undefined ? {} : { execPath }),
  });
  return new WorkerClient(childPort(child, onOutput), commands, client);
}

function childPort(child: ChildProcess, onOutput: ((text: string) => void) | undefined): HostPort {
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => onOutput?.(text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-TAIL);
    onOutput?.(text);
  });
  const end = endOf(child);
  return {
    // An error of delivery needs no word of its own: it means that the child is gone, which `end` tells.
    send: (message) => { if (child.connected) child.send(message as object, () => undefined); },
    onMessage: (listener) => { child.on('message', listener); },
    onEnd: (listener) => { void end.then((how) => listener({ ...how, output })); },
    kill: () => { child.kill('SIGKILL'); },
  };
}

/**
 * A process has ended when it exited and everything it sent and wrote has been read. Either may come first,
 * and a grandchild may keep a pipe open, so each waits only a moment for the other.
 */
async function endOf(child: ChildProcess): Promise<Omit<WorkerEnd, 'output'>> {
  const exited = new Promise<Omit<WorkerEnd, 'output'>>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.on('error', (error) => { if (child.pid === undefined) resolve({ code: null, signal: null, error }); });
  });
  const disconnected = child.connected ? occurs(child, 'disconnect') : Promise.resolve();
  const silent = child.stderr ? occurs(child.stderr, 'close') : Promise.resolve();
  // A child that closed its channel can be told nothing more.
  void disconnected.then(() => Promise.race([exited, grace()])).then(() => child.kill('SIGKILL'));
  const how = await exited;
  endGroup(child);
  await Promise.race([Promise.all([disconnected, silent]), grace()]);
  return how;
}

/** A group lives as long as one of its processes, so its number belongs to nobody else. */
function endGroup({ pid }: ChildProcess): void {
  if (!IS_GROUP || pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left.
  }
}

const grace = (): Promise<void> => sleep(GRACE, undefined, { ref: false });
const occurs = (emitter: EventEmitter, event: string): Promise<void> =>
  new Promise((resolve) => { emitter.once(event, () => resolve()); });
