import { spawn } from 'node:child_process';
import type { Command } from 'commander';
import { openStudio } from '../studio/studio.ts';
import { uploadsFolder } from '../service/keeping/uploads.ts';
import { builtInterface } from '../service/resources.ts';
import { keptToken } from '../web/kept-token.ts';
import { startServer } from '../web/server.ts';
import type { Context } from './context.ts';
import { whole } from './options.ts';
import type { Action } from './action.ts';

export function addServeCommand(program: Command, act: Action): void {
  program.command('serve')
    .description('the application in a browser')
    .option('--port <number>', 'port; 0 takes any that is free', whole, 7411)
    .option('--host <address>', 'address to listen at', '127.0.0.1')
    .option('--open', 'open it in the browser as well')
    .action(act(async (context, _args, options: { port: number; host: string; open?: boolean }) => {
      const studio = await openStudio({ home: context.homePath, createWorker: (_kind, settings) => context.newWorker(settings.threads) });
      try {
        const server = await startServer({ ...options, studio, root: builtInterface(), uploads: uploadsFolder(context.homePath), token: await keptToken(context.homePath) });
        announce(context, server.url, options.host, studio.readOnly);
        if (options.open) openInBrowser(server.ticketUrl());
        await asked();
        context.output.line(studio.live().length > 0 ? 'Stopping the run; its checkpoint is saved. Ctrl-C again ends at once.' : 'Closing.');
        await server.close();
      } finally {
        await studio.close();
      }
    }));
}

function announce({ output }: Context, url: string, host: string, readOnly: string | null): void {
  output.json({ event: 'serving', url });
  output.line(`Retort is at ${url}`);
  output.line('Ctrl-C ends it; a run that is going is saved first.');
  if (readOnly !== null) output.line(`${readOnly} Here everything can be seen and nothing changed.`);
  if (!['127.0.0.1', 'localhost', '::1'].includes(host)) {
    output.line('warning: other computers can reach this address, and what it sends is not encrypted. Whoever has the address with its token may use your files.');
  }
}

/** Settles when the person or the system asks the program to end; asked twice, it ends at once. */
function asked(): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      process.once('SIGINT', () => process.exit(130));
      process.once('SIGTERM', () => process.exit(143));
      resolve();
    };
    process.once('SIGINT', end);
    process.once('SIGTERM', end);
    process.once('SIGHUP', end);
  });
}

function openInBrowser(url: string): void {
  const [program, ...args] = { darwin: ['open'], win32: ['cmd', '/c', 'start', ''] }[process.platform as string] ?? ['xdg-open'];
  const child = spawn(program!, [...args, url], { stdio: 'ignore', detached: true });
  // Without a browser the printed address is still there.
  child.on('error', () => undefined);
  child.unref();
}
