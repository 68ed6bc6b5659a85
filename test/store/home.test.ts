import { describe, expect, it } from 'vitest';
import { defaultHome } from '../../src-main/store/home.ts';

describe('defaultHome', () => {
  it.each([
    ['linux', {}, '/home/ann/.local/share/retort'],
    ['linux', { XDG_DATA_HOME: '/data' }, '/data/retort'],
    ['linux', { XDG_DATA_HOME: 'relative' }, '/home/ann/.local/share/retort'],
    ['darwin', { XDG_DATA_HOME: '/data' }, '/home/ann/Library/Application Support/Retort'],
    ['win32', { APPDATA: 'C:\\Users\\ann\\AppData\\Roaming' }, 'C:\\Users\\ann\\AppData\\Roaming\\Retort'],
  ] as const)('%s %j', (platform, env, expected) => {
    expect(defaultHome({ platform, env, home: '/home/ann' })).toBe(expected);
  });
});
