import { createContext } from 'svelte';
import type { About } from '../../src-main/contract/api/api.ts';
import type { FeedMessage } from '../../src-main/contract/api/feed.ts';
import type { Bridge } from '../bridge/bridge.ts';
import { ChatState } from './chat.svelte.ts';
import { ComparisonsState } from './comparisons.svelte.ts';
import { DevicesState } from './devices.svelte.ts';
import { DraftsState } from './drafts.svelte.ts';
import { ExportsState } from './exports.svelte.ts';
import { InspectionsState } from './inspections.svelte.ts';
import { LiveState } from './live.svelte.ts';
import { ModelsState } from './models.svelte.ts';
import { NoticesState } from './notices.svelte.ts';
import { ReadingState } from './reading.svelte.ts';
import { RouteState } from './route.svelte.ts';
import { RunsState } from './runs.svelte.ts';
import { SettingsState } from './settings.svelte.ts';

/** Everything a window shows, as long as it is open. */
export class AppState {
  readonly bridge: Bridge;
  readonly route = new RouteState();
  readonly notices = new NoticesState();
  readonly settings: SettingsState;
  readonly runs: RunsState;
  readonly live: LiveState;
  readonly models: ModelsState;
  readonly drafts: DraftsState;
  readonly inspections: InspectionsState;
  readonly comparisons: ComparisonsState;
  readonly chat: ChatState;
  readonly exports: ExportsState;
  readonly reading: ReadingState;
  readonly devices: DevicesState;
  about = $state.raw<About | null>(null);
  /** Another program has the data folder: nothing can be changed from here. */
  readonly isReadOnly = $derived(this.about?.readOnly != null);

  constructor(bridge: Bridge) {
    this.bridge = bridge;
    this.settings = new SettingsState(bridge);
    this.runs = new RunsState(bridge);
    this.live = new LiveState(bridge);
    this.models = new ModelsState(bridge);
    this.drafts = new DraftsState(bridge);
    this.inspections = new InspectionsState(bridge, this.notices.fail);
    this.comparisons = new ComparisonsState(bridge, this.notices.fail);
    this.chat = new ChatState(bridge, (path) => this.models.named(path)?.description?.hasChatTemplate ?? true);
    this.devices = new DevicesState(bridge);
    this.exports = new ExportsState(bridge, this.live, this.notices.fail);
    this.reading = new ReadingState(bridge);
  }

  /** Loads everything and keeps it current until the returned function is called. */
  follow(): () => void {
    void this.bridge.call('app.about', null).then((about) => { this.about = about; }, this.notices.fail);
    const end = this.bridge.subscribe((message) => { if (message.topic === 'ended') this.tellEnd(message); });
    const ends = [this.route, this.settings, this.runs, this.live, this.models, this.drafts, this.inspections, this.comparisons, this.chat, this.exports, this.reading].map((part) => part.follow());
    return () => { for (const stop of [...ends, end]) stop(); };
  }

  /** Says that a run came to its end, unless its own page says so already. */
  private tellEnd({ runId, name, how, error }: Extract<FeedMessage, { topic: 'ended' }>): void {
    const { now } = this.route;
    if (now.screen === 'run' && now.runId === runId) return;
    const tone = ({ done: 'good', stopped: 'plain', interrupted: 'bad', failed: 'bad' } as const)[how];
    this.notices.say(`"${name}" ${how === 'done' ? 'is done' : how === 'failed' ? 'has failed' : `was ${how}`}.`, {
      tone, hint: error?.message, action: { label: 'Show', run: () => { this.route.go({ screen: 'run', runId }); } },
    });
  }
}

export const [getApp, setApp] = createContext<AppState>();
