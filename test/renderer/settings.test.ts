import { expect, it, vi } from 'vitest';
import type { FeedMessage } from '../../src-main/contract/api/feed.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../src-main/contract/api/settings.ts';
import type { Bridge } from '../../src-renderer/bridge/bridge.ts';
import { SettingsState } from '../../src-renderer/state/settings.svelte.ts';

// It asks the browser for its colours.
vi.mock('../../src-renderer/state/theme.svelte.ts', () => ({ showTheme: () => undefined }));

const of = (threads: number): Settings => ({ ...DEFAULT_SETTINGS, threads });
const settled = (): Promise<void> => new Promise((resolve) => { setTimeout(resolve, 0); });

it('lets the person\'s last choice stand, whatever answer comes behind it', async () => {
  const answers: ((settings: Settings) => void)[] = [];
  let tell: (message: FeedMessage) => void = () => undefined;
  const state = new SettingsState({
    call: () => new Promise((resolve) => { answers.push(resolve); }),
    subscribe: (listener: typeof tell) => {
      tell = listener;
      return () => undefined;
    },
  } as unknown as Bridge);
  state.follow();
  void state.change({ threads: 1 });
  void state.change({ threads: 2 });
  const [read, first, second] = answers;
  second!(of(2));
  await settled();
  first!(of(1));
  read!(of(0));
  await settled();
  expect([state.value.threads, state.isLoaded]).toEqual([2, true]);
  tell({ topic: 'settings', settings: of(3) });
  expect(state.value.threads).toBe(3);
  // What another window chose while this one was not connected.
  tell({ topic: 'resync' });
  answers[3]!(of(4));
  await settled();
  expect(state.value.threads).toBe(4);
});
