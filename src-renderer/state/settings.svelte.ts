import { DEFAULT_SETTINGS, type Settings } from '../../src-main/contract/api/settings.ts';
import type { Bridge } from '../bridge/bridge.ts';
import { locale } from './locale.svelte.ts';
import { showTheme } from './theme.svelte.ts';

/** What a person chose for the whole program; every window shows the same. */
export class SettingsState {
  value = $state.raw<Settings>(DEFAULT_SETTINGS);
  isLoaded = $state(false);
  private readonly bridge: Bridge;

  constructor(bridge: Bridge) {
    this.bridge = bridge;
  }

  /** Loads the settings and keeps them current until the returned function is called. */
  follow(): () => void {
    void this.load();
    return this.bridge.subscribe((message) => {
      if (message.topic === 'settings') this.show(message.settings);
      if (message.topic === 'resync') void this.load();
    });
  }

  async load(): Promise<void> {
    this.show(await this.bridge.call('settings.get', null).catch(() => this.value));
    this.isLoaded = true;
  }

  /** @throws Problem */
  async change(part: Partial<Settings>): Promise<void> {
    this.show(await this.bridge.call('settings.set', part));
  }

  private show(settings: Settings): void {
    this.value = settings;
    locale.choose(settings.numberLocale);
    showTheme(settings.theme);
  }
}
