import { DEFAULT_SETTINGS, type Settings } from '../../src-main/contract/api/settings.ts';
import type { Bridge } from '../bridge/bridge.ts';
import { locale } from './locale.svelte.ts';
import { Reload } from './reload.ts';
import { showTheme } from './theme.svelte.ts';

/** What a person chose for the whole program; every window shows the same. */
export class SettingsState {
  value = $state.raw<Settings>(DEFAULT_SETTINGS);
  isLoaded = $state(false);
  private readonly bridge: Bridge;
  private readonly reload = new Reload(() => this.read());
  /** How often settings were told or changed: an answer from before that is old. */
  private told = 0;
  private changes = 0;

  constructor(bridge: Bridge) {
    this.bridge = bridge;
  }

  /** Loads the settings and keeps them current until the returned function is called. */
  follow(): () => void {
    void this.load();
    return this.bridge.subscribe((message) => {
      if (message.topic === 'settings') this.take(message.settings);
      if (message.topic === 'resync') void this.load();
    });
  }

  load(): Promise<void> {
    return this.reload.again();
  }

  /** @throws Problem */
  async change(part: Partial<Settings>): Promise<void> {
    const change = ++this.changes;
    const settings = await this.bridge.call('settings.set', part);
    if (change === this.changes) this.take(settings);
  }

  private async read(): Promise<void> {
    const { told } = this;
    const settings = await this.bridge.call('settings.get', null).catch(() => null);
    if (settings && told === this.told) this.show(settings);
    this.isLoaded = true;
  }

  private take(settings: Settings): void {
    this.told++;
    this.show(settings);
  }

  private show(settings: Settings): void {
    this.value = settings;
    locale.choose(settings.numberLocale);
    showTheme(settings.theme);
  }
}
