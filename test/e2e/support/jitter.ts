import type { Page } from 'playwright-core';

/**
 * Lets a page wait for what it is told: every answer by itself for up to RETORT_JITTER milliseconds, so that they
 * come in another order than asked, and what is told unasked in its order. Finds what holds on a quick machine only.
 */
export async function jitter(page: Page): Promise<void> {
  const most = Number(process.env.RETORT_JITTER ?? 0);
  if (most === 0) return;
  const wait = (): Promise<void> => new Promise((resolve) => { setTimeout(resolve, most * Math.random()); });
  await page.route('**/api/call', async (route) => {
    // Half of it before the program hears of it, half before the page does; a page that is gone needs no answer.
    await wait();
    const response = await route.fetch().catch(() => null);
    await wait();
    await (response ? route.fulfill({ response }) : route.abort()).catch(() => undefined);
  });
  await page.routeWebSocket('**/api/feed', (socket) => {
    const server = socket.connectToServer();
    const told: (string | Buffer)[] = [];
    let due = 0;
    server.onMessage((message) => {
      told.push(message);
      due = Math.max(due, Date.now() + most * Math.random());
      // Whichever of two timers for the same moment comes first, the message told first goes first.
      setTimeout(() => { socket.send(told.shift()!); }, due - Date.now());
    });
  });
}
