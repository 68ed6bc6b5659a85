import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Access } from '../../src-main/web/access.ts';
import { newToken } from '../../src-main/web/kept-token.ts';

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

it('a ticket is good once, and only for a minute; the printed token at every time', () => {
  const token = newToken();
  const access = new Access(token, '127.0.0.1');
  const [once, late] = [access.ticket(), access.ticket()];
  expect([access.isToken(once), access.isToken(once)]).toEqual([true, false]);
  vi.advanceTimersByTime(60_001);
  expect(access.isToken(late)).toBe(false);
  expect([access.isToken(token), access.isToken(token)]).toEqual([true, true]);
  expect(new Access(token, '127.0.0.1').isToken(access.ticket())).toBe(false);
});
