import { createInterface } from 'node:readline/promises';
import type { Reach } from '../contract/consent.ts';
import { Problem } from '../contract/problem.ts';
import type { AskPerson } from '../service/consent/consent.ts';
import { refusal } from '../service/consent/reaches.ts';

/** Asks on the terminal. `isTrusted` (`--trust`) is a yes for this call alone; without it and without a terminal it is a no. */
export function askOnTerminal(isTrusted: boolean): AskPerson {
  return async (reaches) => {
    if (isTrusted) return { isKept: false };
    if (!process.stdin.isTTY || !process.stderr.isTTY) {
      throw new Problem(refusal(reaches[0]!).message, { hint: 'Look at it, and say yes for this call with --trust.' });
    }
    for (const reach of reaches) await askFor(reach);
    return { isKept: true };
  };
}

async function askFor({ kind, what, where, given }: Reach): Promise<void> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const place = where === null ? '' : `\n  in the folder ${where}`;
    const question = `This recipe ${kind === 'command' ? 'starts a command' : 'sends data to an address'}:\n  ${what}${place}\n${given}\nAllow it, now and whenever it is the same? [y/N] `;
    const answer = await terminal.question(question);
    if (!/^y(es)?$/i.test(answer.trim())) throw new Problem('It was not allowed, so nothing was started.');
  } finally {
    terminal.close();
  }
}
