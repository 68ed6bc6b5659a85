import type { Answer, FileKind } from './api.ts';
import type { FeedMessage } from './feed.ts';

/** A choice of one file or folder in the system's own dialog. */
export interface FileRequest {
  title: string;
  /** `save` asks for a name to write, the others for something that is there. */
  what: 'open-file' | 'open-folder' | 'save';
  kind: Exclude<FileKind, 'folder'>;
  suggestedName?: string | undefined;
}

/** Menu entries and shortcuts that the window's own page carries out. */
export const MENU_COMMANDS = ['new-run', 'runs', 'mistakes', 'compare', 'chat', 'models', 'settings', 'shortcuts', 'about', 'open'] as const;
export type MenuCommand = (typeof MENU_COMMANDS)[number];

/** What Electron's preload script gives the page as `window.retort`. In a browser it is not there. */
export interface PreloadBridge {
  readonly platform: string;
  call(name: string, params: unknown): Promise<Answer>;
  subscribe(listener: (message: FeedMessage) => void): () => void;
  chooseFile(request: FileRequest): Promise<string | null>;
  /** Where a dropped file lies. */
  pathOf(file: File): string;
  /** Shows a file in the system's file manager. */
  reveal(path: string): Promise<void>;
  onMenu(listener: (command: MenuCommand) => void): () => void;
  /** Recipes, data files and models the person opened with Retort from outside. */
  onOpenFile(listener: (path: string) => void): () => void;
  /** A run whose notification the person clicked. */
  onShowRun(listener: (runId: string) => void): () => void;
}
