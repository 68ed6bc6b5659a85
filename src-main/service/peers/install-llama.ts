import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { Problem } from '../../contract/problem.ts';
import { llamaVersion } from '../../export/llama/find-llama.ts';
import { llamaCommand, llamaInstall, llamaLibraryFor } from '../../export/llama/llama-package.ts';

/** What a person is told of llama.cpp: the version that is installed, or the command that installs it. */
export interface LlamaState { version: string | null; command: string }

export const llamaState = (peers: string): LlamaState => ({ version: llamaVersion(peers), command: llamaCommand(peers) });

/** The last lines that npm writes before it gives up. */
const LAST = 2000;

/**
 * Has npm install llama.cpp into the folder of packages that a person adds. @returns the version
 * @throws Problem where npm is not there or could not, the reason of `signal`
 */
export async function installLlama(peers: string, signal: AbortSignal): Promise<string> {
  if (llamaLibraryFor(process.platform, process.arch) === null) {
    throw new Problem(`node-llama-cpp has no library for ${process.platform} on ${process.arch}.`, { hint: 'Open the file with llama.cpp itself: llama-cli -m FILE.' });
  }
  await mkdir(peers, { recursive: true });
  const { code, said } = await npm(llamaInstall(peers), peers, signal);
  signal.throwIfAborted();
  const version = llamaVersion(peers);
  if (code !== 0 || version === null) {
    throw new Problem(`npm could not install node-llama-cpp: ${said.trim().split('\n').filter((line) => line.startsWith('npm error')).slice(0, 3).join(' ') || `it ended with ${code}`}`, { kind: 'failure', hint: `Try it in a terminal: ${llamaCommand(peers)}` });
  }
  return version;
}

function npm(words: readonly string[], cwd: string, signal: AbortSignal): Promise<{ code: number | null; said: string }> {
  return new Promise((resolve, reject) => {
    const isWindows = process.platform === 'win32';
    // Windows starts npm, which is a script there, by its shell only.
    const child = spawn('npm', isWindows ? words.map((word) => `"${word}"`) : words, { cwd, shell: isWindows, signal, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (text: Buffer) => { said = (said + text.toString()).slice(-LAST); });
    child.once('error', (cause: NodeJS.ErrnoException) => {
      if (signal.aborted) return resolve({ code: null, said });
      reject(new Problem('npm is not there, which installs node-llama-cpp.', { hint: `Install Node.js, which brings npm (nodejs.org), and try again; or by hand: ${words.join(' ')}`, cause }));
    });
    child.once('close', (code) => { resolve({ code, said }); });
  });
}
