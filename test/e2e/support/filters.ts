import type { Page } from 'playwright-core';
import { eventually } from './eventually.ts';

/** Takes one filter off after the other: a chip stays for a moment after the click, until the rows without it are there. */
export async function takeOffFilters(page: Page): Promise<void> {
  const chips = page.getByRole('button', { name: /^Take off the filter/ });
  for (let left = await chips.count() - 1; left >= 0; left -= 1) {
    await chips.first().click();
    await eventually(() => chips.count()).toBe(left);
  }
}
