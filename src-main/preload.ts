import { contextBridge, ipcRenderer, webUtils } from 'electron';
import type { Answer } from './contract/api/api.ts';
import type { FileRequest, MenuCommand, PreloadBridge } from './contract/api/bridge.ts';
import type { FeedMessage } from './contract/api/feed.ts';

/**
 * The only way from the page to the main process: a handful of functions, never `ipcRenderer` itself. The names of the
 * channels are those of electron/channels.ts.
 */
function listen<Message>(channel: 'feed' | 'menu' | 'open-file' | 'show-run'): (listener: (message: Message) => void) => () => void {
  return (listener) => {
    const own = (_event: unknown, message: Message): void => listener(message);
    ipcRenderer.on(channel, own);
    return () => { ipcRenderer.off(channel, own); };
  };
}

const bridge: PreloadBridge = {
  platform: process.platform,
  call: (name, params) => ipcRenderer.invoke('call', name, params) as Promise<Answer>,
  subscribe: listen<FeedMessage>('feed'),
  chooseFile: (request: FileRequest) => ipcRenderer.invoke('choose-file', request) as Promise<string | null>,
  pathOf: (file) => webUtils.getPathForFile(file),
  reveal: (path) => ipcRenderer.invoke('reveal', path) as Promise<void>,
  onMenu: listen<MenuCommand>('menu'),
  onOpenFile: listen<string>('open-file'),
  onShowRun: listen<string>('show-run'),
};

contextBridge.exposeInMainWorld('retort', bridge);
