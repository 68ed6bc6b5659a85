import { Menu, type MenuItemConstructorOptions } from 'electron';
import type { MenuCommand } from '../contract/api/bridge.ts';

/** The menu. What concerns the interface is carried out by the page of the window in front. */
export function buildMenu(command: (name: MenuCommand) => void): void {
  const item = (label: string, name: MenuCommand, accelerator?: string): MenuItemConstructorOptions => ({
    label, click: () => command(name), ...(accelerator !== undefined && { accelerator }),
  });
  const isMac = process.platform === 'darwin';
  const about = item('About Retort', 'about');
  const settings = item('Settings …', 'settings', 'CmdOrCtrl+,');
  const template: MenuItemConstructorOptions[] = [
    ...(isMac ? [{
      label: 'Retort',
      submenu: [about, { type: 'separator' }, settings, { type: 'separator' }, { role: 'hide' }, { role: 'hideOthers' }, { type: 'separator' }, { role: 'quit' }],
    } as MenuItemConstructorOptions] : []),
    {
      label: '&File',
      submenu: [
        item('New run', 'new-run', 'CmdOrCtrl+N'), item('Open …', 'open', 'CmdOrCtrl+O'),
        ...(isMac ? [] : [{ type: 'separator' }, settings, { type: 'separator' }, { role: 'quit' }] as MenuItemConstructorOptions[]),
      ],
    },
    { label: '&Edit', submenu: [{ role: 'undo' }, { role: 'redo' }, { type: 'separator' }, { role: 'cut' }, { role: 'copy' }, { role: 'paste' }, { role: 'selectAll' }] },
    {
      label: '&View',
      submenu: [
        item('Runs', 'runs', 'CmdOrCtrl+1'), item('Models', 'models', 'CmdOrCtrl+2'), item('Mistakes', 'mistakes', 'CmdOrCtrl+3'), item('Compare', 'compare', 'CmdOrCtrl+4'), item('Chat', 'chat', 'CmdOrCtrl+5'), { type: 'separator' },
        { role: 'resetZoom' }, { role: 'zoomIn' }, { role: 'zoomOut' }, { type: 'separator' }, { role: 'togglefullscreen' },
      ],
    },
    { label: '&Window', submenu: [{ role: 'minimize' }, { role: 'close' }] },
    { label: '&Help', role: 'help', submenu: [item('Keyboard shortcuts', 'shortcuts', 'CmdOrCtrl+/'), ...(isMac ? [] : [about])] },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
