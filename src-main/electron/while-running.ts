import { Notification, powerSaveBlocker, type BrowserWindow } from 'electron';
import type { FeedMessage, LiveRun } from '../contract/api/feed.ts';
import type { Studio } from '../studio/studio.ts';

const ENDINGS = { done: 'is done', stopped: 'was stopped', interrupted: 'was interrupted', failed: 'failed' } as const;

/** Keeps the machine awake while a run is going, shows how far it is on the taskbar, and says when it ends. */
export function watchRuns(studio: Pick<Studio, 'subscribe'>, windows: () => BrowserWindow[], onNotice: (runId: string) => void): void {
  let blocker: number | null = null;
  studio.subscribe((message: FeedMessage) => {
    if (message.topic === 'ended') notify(message, windows, onNotice);
    if (message.topic !== 'live') return;
    const { live } = message;
    for (const window of windows()) window.setProgressBar(progressOf(live));
    if (live.length > 0) blocker ??= powerSaveBlocker.start('prevent-app-suspension');
    else if (blocker !== null) {
      powerSaveBlocker.stop(blocker);
      blocker = null;
    }
  });
}

/** From 0 to 1; -1 takes the bar away, more than 1 shows that something goes on. */
function progressOf([current]: readonly LiveRun[]): number {
  if (!current) return -1;
  return current.totalSteps === null ? 2 : current.step / current.totalSteps;
}

/** Who looks at the window sees it anyway. */
function notify({ name, how, error, runId }: Extract<FeedMessage, { topic: 'ended' }>, windows: () => BrowserWindow[], onNotice: (runId: string) => void): void {
  if (windows().some((window) => window.isFocused()) || !Notification.isSupported()) return;
  const notification = new Notification({ title: `${name} ${ENDINGS[how]}`, body: error?.message ?? '' });
  notification.on('click', () => onNotice(runId));
  notification.show();
}
