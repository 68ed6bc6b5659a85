import type { Settings } from '../../src-main/contract/api/settings.ts';

type Theme = Settings['theme'];
const KEY = 'theme';
const prefersDark = matchMedia('(prefers-color-scheme: dark)');

class Shown {
  isDark = $state(false);
}

/** The colours on the screen now: what draws on a canvas has to draw again when they change. */
export const shown = new Shown();
let chosen: Theme = 'system';

prefersDark.addEventListener('change', () => { showTheme(chosen); });

export function showTheme(theme: Theme): void {
  chosen = theme;
  const isDark = theme === 'dark' || (theme === 'system' && prefersDark.matches);
  document.documentElement.dataset['theme'] = isDark ? 'dark' : 'light';
  shown.isDark = isDark;
  localStorage.setItem(KEY, theme);
}

/** What this window showed last, so that it does not flash at its start. */
export function rememberedTheme(): Theme {
  const theme = localStorage.getItem(KEY);
  return theme === 'light' || theme === 'dark' ? theme : 'system';
}
