import type { MenuCommand } from '../../src-main/contract/api/bridge.ts';

/** Keys that work wherever nothing is being typed. */
export const SHORTCUTS: readonly { key: string; command: MenuCommand | 'search'; label: string }[] = [
  { key: 'r', command: 'runs', label: 'Runs' },
  { key: 'n', command: 'new-run', label: 'New run' },
  { key: 'i', command: 'mistakes', label: 'Mistakes' },
  { key: 'c', command: 'compare', label: 'Compare' },
  { key: 't', command: 'chat', label: 'Chat' },
  { key: 'm', command: 'models', label: 'Models' },
  { key: ',', command: 'settings', label: 'Settings' },
  { key: '/', command: 'search', label: 'Search on this screen' },
  { key: '?', command: 'shortcuts', label: 'This list' },
];
