import { BrowserWindow, dialog, type FileFilter } from 'electron';
import { Problem } from '../contract/problem.ts';
import type { Reach } from '../contract/consent.ts';
import type { FileRequest } from '../contract/api/bridge.ts';
import type { QuitChoice } from './quitting.ts';

const FILTERS: Readonly<Record<FileRequest['kind'], FileFilter[]>> = {
  data: [{ name: 'Data', extensions: ['jsonl', 'ndjson', 'json', 'csv', 'tsv', 'parquet', 'gz'] }],
  gguf: [{ name: 'GGUF models', extensions: ['gguf'] }],
  recipe: [{ name: 'Recipes', extensions: ['retort', 'json'] }],
  model: [],
  other: [],
};

/** Asks for a file or folder in the system's own dialog. @returns null where the person thought better of it */
export async function chooseFile(window: BrowserWindow, { title, what, kind, suggestedName }: FileRequest): Promise<string | null> {
  const filters = [...FILTERS[kind], { name: 'All files', extensions: ['*'] }];
  if (what === 'save') {
    const { canceled, filePath } = await dialog.showSaveDialog(window, { title, filters, ...(suggestedName !== undefined && { defaultPath: suggestedName }) });
    return canceled || filePath === '' ? null : filePath;
  }
  const { filePaths } = await dialog.showOpenDialog(window, { title, filters, properties: [what === 'open-folder' ? 'openDirectory' : 'openFile'] });
  return filePaths[0] ?? null;
}

export async function askBeforeQuit(window: BrowserWindow | null, runs: readonly string[]): Promise<QuitChoice> {
  const options = {
    type: 'warning' as const,
    message: runs.length === 1 ? `The run "${runs[0]}" is going.` : `${runs.length} runs are going or waiting.`,
    detail: 'Stopped and saved, it goes on from the same step later. Quit at once, and the steps since the last checkpoint are lost.',
    buttons: ['Stop and save', 'Keep running', 'Quit at once'],
    defaultId: 0, cancelId: 1, noLink: true,
  };
  const { response } = window ? await dialog.showMessageBox(window, options) : await dialog.showMessageBox(options);
  return (['save', 'stay', 'now'] as const)[response] ?? 'stay';
}

/**
 * Asks whether a recipe may start a command or send data, with all of it in the system's own dialog, which no page can
 * press. @throws Problem where the person says no
 */
export async function askForConsent(reaches: readonly Reach[]): Promise<{ isKept: true }> {
  for (const { kind, what, where, given } of reaches) {
    const window = BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0];
    const options = {
      type: 'warning' as const,
      message: kind === 'command' ? 'This recipe starts a command on your machine.' : 'This recipe sends data to an address.',
      detail: [what, where === null ? '' : `In the folder ${where}`, given, 'Allow it only if you know what it does. It is remembered until it changes; Settings lists it.'].filter(Boolean).join('\n\n'),
      buttons: ['Do not allow', 'Allow'],
      defaultId: 0, cancelId: 0, noLink: true,
    };
    const { response } = window ? await dialog.showMessageBox(window, options) : await dialog.showMessageBox(options);
    if (response !== 1) throw new Problem('It was not allowed, so nothing was started.');
  }
  return { isKept: true };
}
