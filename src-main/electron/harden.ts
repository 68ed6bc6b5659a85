import { app, session, shell } from 'electron';
import { PAGE } from './scheme.ts';

/** Where a link may lead, in the person's own browser. */
const OUTSIDE = ['https://arxiv.org/', 'https://github.com/', 'https://onnxruntime.ai/', 'https://huggingface.co/'];

/** No page of ours leaves, opens or asks for anything. @see Electron's security checklist, whose points test/electron/security.test.ts walks through */
export function harden(): void {
  app.on('web-contents-created', (_, contents) => {
    contents.on('will-navigate', (event, url) => { if (!url.startsWith(PAGE)) event.preventDefault(); });
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(({ url }) => {
      if (OUTSIDE.some((known) => url.startsWith(known))) void shell.openExternal(url);
      return { action: 'deny' };
    });
  });
}

/** To be called once the application is ready: no permission is ever granted but writing to the clipboard. */
export function refusePermissions(): void {
  const isGranted = (permission: string): boolean => permission === 'clipboard-sanitized-write';
  session.defaultSession.setPermissionRequestHandler((_, permission, decide) => decide(isGranted(permission)));
  session.defaultSession.setPermissionCheckHandler((_, permission) => isGranted(permission));
}
