import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { app, screen, type BrowserWindow, type Rectangle } from 'electron';
import { z } from 'zod';

const stateSchema = z.object({
  x: z.int(), y: z.int(), width: z.int().min(400), height: z.int().min(300), isMaximized: z.boolean(),
});
export type WindowState = z.infer<typeof stateSchema>;

const FIRST = { width: 1280, height: 860 };
const file = (): string => join(app.getPath('userData'), 'window.json');

/** Where the window was last, where some display still shows that place. */
export function lastState(): Partial<WindowState> & { width: number; height: number } {
  try {
    const state = stateSchema.parse(JSON.parse(readFileSync(file(), 'utf8')));
    return screen.getAllDisplays().some(({ workArea }) => overlaps(workArea, state)) ? state : { ...FIRST, isMaximized: state.isMaximized };
  } catch {
    return FIRST;
  }
}

/** Remembers where a window is when it closes. */
export function rememberState(window: BrowserWindow): void {
  window.on('close', () => {
    const state: WindowState = { ...window.getNormalBounds(), isMaximized: window.isMaximized() };
    try {
      writeFileSync(file(), JSON.stringify(state));
    } catch {
      // The window opens in its first place the next time.
    }
  });
}

/** Whether enough of the window is on a display to be taken hold of. */
function overlaps(area: Rectangle, state: WindowState): boolean {
  const width = Math.min(area.x + area.width, state.x + state.width) - Math.max(area.x, state.x);
  const height = Math.min(area.y + area.height, state.y + state.height) - Math.max(area.y, state.y);
  return width > 100 && height > 50;
}
