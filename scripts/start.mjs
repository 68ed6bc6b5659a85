// Starts the desktop application. Where Electron's program cannot be had, the same interface opens in the browser.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';

/** Electron's npm package fetches its program at the first use, and fails where it cannot. */
function findElectron() {
  try {
    return createRequire(import.meta.url)('electron');
  } catch (error) {
    console.error(`Electron's program cannot be had: ${error.message.split('\n')[0]}`);
    return null;
  }
}

const electron = findElectron();
if (!electron) console.error('Retort opens in the browser instead.');
const [program, args] = electron ? [electron, ['.']] : [process.execPath, ['out/main/cli.js', 'serve', '--open']];
const child = spawn(program, [...args, ...process.argv.slice(2)], { stdio: 'inherit' });
// Ctrl-C reaches the child as well; it decides when to end.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('close', (code) => process.exit(code ?? 1));
