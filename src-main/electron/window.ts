import { join } from 'node:path';
import { BrowserWindow, nativeTheme } from 'electron';
import { PAGE } from './scheme.ts';
import { lastState, rememberState } from './window-state.ts';

/** Opens a window on the interface. */
export function openWindow(outFolder: string, icon: string): BrowserWindow {
  const { isMaximized = false, ...bounds } = lastState();
  const window = new BrowserWindow({
    ...bounds,
    minWidth: 720, minHeight: 480,
    show: false,
    title: 'Retort',
    icon,
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#16181b' : '#fcfcfb',
    webPreferences: {
      preload: join(outFolder, 'preload', 'preload.cjs'),
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false,
    },
  });
  rememberState(window);
  window.once('ready-to-show', () => {
    if (isMaximized) window.maximize();
    window.show();
  });
  void window.loadURL(PAGE);
  return window;
}
