import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CLI } from './build.ts';

/** What a program told as it went: the fields that tests look at. */
export interface Told { event: string; step?: number; loss?: number; message?: string; divergence?: number }

export interface Followed { events: Told[]; code: number | null; signal: string | null; errors: string }

/** Where a program is killed, as `kill-at.mjs` has it. */
export type KillPlace = `${'step' | 'evaluation' | 'checkpoint'} ${number}` | `step ${number} ${number}` | `phase ${string} ${number}` | `write ${string} ${number}`;

const KILLER = pathToFileURL(join(import.meta.dirname, 'kill-at.mjs')).href;

/** Runs a command of the built program to its end, which may be a kill. @param home  its data folder */
export async function command(home: string, args: readonly string[], killAt?: KillPlace): Promise<Followed> {
  const env = killAt === undefined ? process.env : { ...process.env, NODE_OPTIONS: `--import ${KILLER}`, RETORT_TEST_KILL: killAt };
  const child = spawn(process.execPath, [CLI, '--home', home, '--json', ...args], { stdio: ['ignore', 'pipe', 'pipe'], env });
  const events: Told[] = [];
  let errors = '';
  child.stderr.on('data', (text: Buffer) => { errors += text.toString(); });
  const ended = new Promise<Pick<Followed, 'code' | 'signal'>>((resolve) => { child.once('close', (code, signal) => resolve({ code, signal })); });
  for await (const line of createInterface(child.stdout)) events.push(JSON.parse(line) as Told);
  return { events, errors, ...await ended };
}
