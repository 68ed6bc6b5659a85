import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/**
 * The points of Electron's security checklist, in its order. What only a running window shows (no navigation, no new
 * windows, no code from outside, refused arguments) is tried in test/e2e/electron/window.test.ts; what is a property of
 * the source is looked up here.
 */
const read = (path: string): string => readFileSync(path, 'utf8');
const files = (folder: string): string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(ts|svelte|html)$/.test(name)).map((name) => join(folder, name));
const electron = files('src-main/electron').map(read).join('\n');
const everything = [...files('src-main'), ...files('src-renderer')].map((path) => ({ path, text: read(path) }));
const window = read('src-main/electron/window.ts');
const scheme = read('src-main/electron/scheme.ts');
const harden = read('src-main/electron/harden.ts');
const channels = read('src-main/electron/channels.ts');
const fuses = read('electron-builder.yml');
const nowhere = (pattern: RegExp): void => expect(everything.filter(({ text }) => pattern.test(text)).map(({ path }) => path)).toEqual([]);

describe('Electron\'s security checklist', () => {
  it('1: only what is its own, from its own scheme, is loaded', () => {
    expect([...electron.matchAll(/load(?:URL|File)\(([^)]*)\)/g)].map(([, what]) => what)).toEqual(['PAGE']);
    nowhere(/<script[^>]+src="https?:/);
  });
  it('2: no Node for the page', () => expect(window).toContain('nodeIntegration: false'));
  it('3: the page and the preload script are apart', () => expect(window).toContain('contextIsolation: true'));
  it('4: the page is sandboxed', () => {
    expect(window).toContain('sandbox: true');
    nowhere(/--no-sandbox/);
  });
  it('5: every permission is decided', () => expect(harden).toMatch(/setPermissionRequestHandler[^]*setPermissionCheckHandler/));
  it('6: web security stays on', () => nowhere(/webSecurity:\s*false/));
  it('7: a content security policy without unsafe words', () => {
    expect(scheme).toContain("default-src 'none'");
    nowhere(/unsafe-(inline|eval)/);
  });
  it('8: no content over plain HTTP', () => nowhere(/allowRunningInsecureContent/));
  it('9: no experimental features', () => nowhere(/experimentalFeatures/));
  it('10: no features switched on in Blink', () => nowhere(/enableBlinkFeatures/));
  it('11, 12: no webviews', () => {
    expect(window).toContain('webviewTag: false');
    expect(harden).toContain("'will-attach-webview', (event) => event.preventDefault()");
    nowhere(/<webview|allowpopups/);
  });
  it('13: no navigation away', () => expect(harden).toMatch(/will-navigate[^]*startsWith\(PAGE\)[^]*preventDefault/));
  it('14: no new windows', () => expect(harden).toMatch(/setWindowOpenHandler[^]*action: 'deny'/));
  it('15: what opens outside is on a list of secure addresses', () => {
    expect([...electron.matchAll(/openExternal\(/g)]).toHaveLength(1);
    const list = /OUTSIDE = \[([^\]]*)\]/.exec(harden)![1]!;
    for (const address of list.matchAll(/'([^']+)'/g)) expect(address[1]).toMatch(/^https:\/\/[\w.]+\/$/);
  });
  it('16: a current Electron', () => {
    const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: Record<string, string> };
    expect(Number(/\d+/.exec(devDependencies['electron']!)![0])).toBeGreaterThanOrEqual(45);
  });
  it('17: whoever sends a message is checked, and so is what it says', () => {
    expect(channels).toMatch(/senderFrame\.parent !== null[^]*url\.startsWith\(PAGE\)[^]*\.parse\(args\)/);
    expect(everything.filter(({ path, text }) => /\bipcMain\b/.test(text) && path !== join('src-main', 'electron', 'channels.ts')).map(({ path }) => path)).toEqual([]);
  });
  it('18: a scheme of its own instead of file:, and no way out of its folder', () => {
    expect(scheme).toContain('place.startsWith(root + sep)');
    nowhere(/loadFile\(|file:\/\//);
  });
  it('19: the fuses', () => {
    for (const fuse of ['runAsNode: false', 'enableNodeOptionsEnvironmentVariable: false', 'enableNodeCliInspectArguments: false', 'onlyLoadAppFromAsar: true', 'enableEmbeddedAsarIntegrityValidation: true', 'enableCookieEncryption: true', 'grantFileProtocolExtraPrivileges: false']) {
      expect(fuses).toContain(fuse);
    }
  });
  it('20: the page gets functions of ours, never Electron\'s own', () => {
    const preload = read('src-main/preload.ts');
    expect([...preload.matchAll(/exposeInMainWorld\('(\w+)'/g)].map(([, name]) => name)).toEqual(['retort']);
    expect(preload).not.toMatch(/exposeInMainWorld\([^)]*ipcRenderer/);
  });
});
