import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { requires } from '../../support/requires.ts';
import { tinyProject, type TinyProject } from '../../support/tiny-project.ts';
import { TokenServer } from '../../support/token-server.ts';
import { keyring, type Keyring } from './keyring.ts';
import { display, freshHome, launch, type Desktop } from './launch.ts';
import { builtForOldElectron, oldElectron, withBootstrap } from './old-electron.ts';

const KEY = 'secret-of-the-window';

requires('display', 'electron', 'keyring')('a server\'s key in the system\'s own key store', () => {
  let project: TinyProject;
  let server: TokenServer;
  let folder: { home: string; remove(): Promise<void> };
  let ring: Keyring;
  let built: string;
  let program: string;
  let endDisplay: () => void;
  beforeAll(async () => {
    endDisplay = await display();
    project = await tinyProject();
    server = await TokenServer.over(project.teacher);
    server.fault = ({ key }) => (key === `Bearer ${KEY}` ? null : { status: 401 });
    built = resolve(await builtForOldElectron());
    program = await withBootstrap(await oldElectron());
    folder = await freshHome();
    ring = await keyring(join(folder.home, 'person'));
  });
  afterAll(async () => {
    ring.end();
    await server.close();
    await folder.remove();
    await project.remove();
    endDisplay();
  });

  /** The wizard's page of models in a window of its own, over the same data folder each time. */
  async function wizard(env: Record<string, string>, args: string[] = []): Promise<Desktop> {
    const desktop = await launch(program, folder.home, { RETORT_APP: built, ...env }, args);
    // Whatever is asked about is allowed.
    await desktop.electron.evaluate(({ dialog }) => { dialog.showMessageBox = () => Promise.resolve({ response: 1, checkboxChecked: false }); });
    const recipe = project.recipe({ teacher: { server: { url: server.url, topLogprobs: 17 } }, train: { steps: 2, batchSize: 4, learningRate: 1e-3 }, evaluate: { examples: 2 } });
    const id = await desktop.page.evaluate(async (draft) => {
      const { retort } = window as unknown as { retort: { call(name: string, params: unknown): Promise<{ result: { id: string } }> } };
      return (await retort.call('drafts.save', draft)).result.id;
    }, { id: null, title: 'keyed', page: 'models', recipe, touched: true });
    await desktop.page.evaluate((address) => { location.hash = address; }, `/new/${id}`);
    await desktop.page.getByRole('button', { name: /^[1-4] Models/ }).click();
    return desktop;
  }

  it('is refused in one sentence where the system has none', async () => {
    const { electron, page } = await wizard({ DBUS_SESSION_BUS_ADDRESS: 'disabled:' }, ['--password-store=basic']);
    await page.getByLabel('Key', { exact: true }).fill(KEY);
    await page.getByRole('button', { name: 'Keep', exact: true }).click();
    await page.getByText('This system has no key store that could keep it.').waitFor();
    await electron.close();
  });

  it('is found again after a restart, opens the server, and is in nothing else that is kept', async () => {
    const first = await wizard(ring.env, ['--password-store=gnome-libsecret']);
    await first.page.getByLabel('Key', { exact: true }).fill(KEY);
    await first.page.getByRole('button', { name: 'Keep', exact: true }).click();
    await first.page.getByText('The system\'s key store has a key for this address.').waitFor();
    await first.electron.close();

    const { electron, page } = await wizard(ring.env, ['--password-store=gnome-libsecret']);
    await page.getByText('The system\'s key store has a key for this address.').waitFor();
    await page.getByRole('button', { name: 'Test', exact: true }).click();
    await page.getByText('the 17 likeliest tokens').waitFor();
    await page.getByRole('button', { name: /^[1-4] Review/ }).click();
    await page.getByText('Nothing is missing').waitFor();
    await page.getByRole('button', { name: 'Start the run', exact: true }).click();
    await page.waitForURL(/#\/run\/.+/);
    await page.locator('.status').getByText(/^done/).waitFor();
    await electron.close();
    for (const entry of await readdir(folder.home, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) expect((await readFile(join(entry.parentPath, entry.name))).includes(KEY), entry.name).toBe(false);
    }
  });
});
