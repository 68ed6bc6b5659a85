import { join } from 'node:path';
import { app, BrowserWindow, dialog, nativeTheme, shell } from 'electron';
import type { MenuCommand } from '../contract/api/bridge.ts';
import { toReport } from '../contract/problem.ts';
import { builtInterface, resource } from '../service/resources.ts';
import { openStudio, type Studio } from '../studio/studio.ts';
import { defaultHome } from '../store/home.ts';
import { handle, tell } from './channels.ts';
import { askBeforeQuit, askForConsent, chooseFile } from './dialogs.ts';
import { harden, refusePermissions } from './harden.ts';
import { buildMenu } from './menu.ts';
import { Quitting } from './quitting.ts';
import { systemKeyStore } from './key-store.ts';
import { registerScheme, serveScheme } from './scheme.ts';
import { watchRuns } from './while-running.ts';
import { openWindow } from './window.ts';
import { checkWorker, createWorker } from './workers.ts';

/** The desktop application, from its start to its end. */
export function startDesktop(): void {
  if (!app.requestSingleInstanceLock()) return app.quit();
  registerScheme();
  harden();
  const opened = new OpenedFiles();
  app.on('second-instance', (_, args) => {
    const [window] = BrowserWindow.getAllWindows();
    if (window?.isMinimized()) window.restore();
    window?.focus();
    opened.take(filesIn(args));
  });
  // macOS, also before the application is ready.
  app.on('open-file', (event, path) => {
    event.preventDefault();
    opened.take([path]);
  });
  void app.whenReady().then(() => run(opened)).catch((error: unknown) => {
    const { message, hint } = toReport(error);
    process.stderr.write(`retort: ${message}\n`);
    // Who started it by its icon sees no stderr.
    dialog.showErrorBox('Retort cannot start', [message, hint].filter(Boolean).join('\n\n'));
    app.exit(1);
  });
}

async function run(opened: OpenedFiles): Promise<void> {
  serveScheme(builtInterface());
  refusePermissions();
  const home = process.env['RETORT_HOME'] ?? defaultHome();
  const studio = await openStudio({ home, createWorker: (_kind, settings) => createWorker(home, settings), checkWorker, askPerson: askForConsent, keyStore: systemKeyStore(home) });
  const windows = (): BrowserWindow[] => BrowserWindow.getAllWindows();
  const inFront = (): BrowserWindow | null => BrowserWindow.getFocusedWindow() ?? windows()[0] ?? null;
  const show = (): BrowserWindow => openWindow(join(builtInterface(), '..'), resource('icons', 'retort.png'));
  const command = (name: MenuCommand): void => {
    const window = inFront();
    if (window) tell(window.webContents, 'menu', name);
  };

  handle('call', (_sender, name, params) => studio.call(name, params));
  handle('choose-file', async (sender, request) => {
    const window = BrowserWindow.fromWebContents(sender);
    return window && chooseFile(window, request);
  });
  handle('reveal', async (_sender, path) => shell.showItemInFolder(path));
  studio.subscribe((message) => { for (const { webContents } of windows()) tell(webContents, 'feed', message); });
  await followTheme(studio);
  watchRuns(studio, windows, (runId) => {
    const window = inFront();
    if (!window) return;
    if (window.isMinimized()) window.restore();
    window.focus();
    tell(window.webContents, 'show-run', runId);
  });
  buildMenu(command);
  guardQuit(studio, inFront);

  const window = show();
  opened.take(filesIn(process.argv.slice(app.isPackaged ? 1 : 2)));
  window.webContents.on('did-finish-load', () => opened.deliver((path) => tell(window.webContents, 'open-file', path)));
  app.on('activate', () => { if (windows().length === 0) show(); });
  app.on('window-all-closed', () => { if (process.platform !== 'darwin') app.quit(); });
}

/** The parts of the window that the system draws follow the chosen theme. */
async function followTheme(studio: Studio): Promise<void> {
  const settings = await studio.call('settings.get', null);
  if (settings.ok) nativeTheme.themeSource = (settings.result as { theme: 'system' | 'light' | 'dark' }).theme;
  studio.subscribe((message) => { if (message.topic === 'settings') nativeTheme.themeSource = message.settings.theme; });
}

/** Lets the studio end in order before the application does; a person is asked before a run is cut off. */
function guardQuit(studio: Studio, inFront: () => BrowserWindow | null): void {
  const quitting = new Quitting(studio, (runs) => askBeforeQuit(inFront(), runs), { quit: () => app.quit(), exit: () => app.exit(0) });
  const hold = (event: { preventDefault(): void }): void => {
    if (!quitting.mayGo()) event.preventDefault();
  };
  app.on('before-quit', hold);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => quitting.told());
  // The last window asks as well, because a run goes on without one only on macOS.
  app.on('browser-window-created', (_, window) => {
    window.on('close', (event) => {
      const isLast = BrowserWindow.getAllWindows().length === 1;
      if (isLast && process.platform !== 'darwin' && studio.live().length > 0) hold(event);
    });
  });
}

/** Files the person opened with Retort, kept until there is a page to tell. */
class OpenedFiles {
  private waiting: string[] = [];
  private tell: ((path: string) => void) | null = null;

  take(paths: readonly string[]): void {
    this.waiting.push(...paths);
    if (this.tell) this.deliver(this.tell);
  }

  deliver(tellPage: (path: string) => void): void {
    this.tell = tellPage;
    for (const path of this.waiting.splice(0)) tellPage(path);
  }
}

/** Of a command line, what a person may have meant as files: neither options nor the program's own folder. */
function filesIn(args: readonly string[]): string[] {
  return args.filter((arg) => !arg.startsWith('-') && arg !== '.' && /\.(json|jsonl|csv|tsv|parquet|gguf|gz)$/i.test(arg));
}
