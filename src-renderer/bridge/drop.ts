import { Problem } from '../../src-main/contract/problem.ts';
import type { Bridge } from './bridge.ts';

/** Where a dropped file lies; in a browser, where its copy lies that this uploads. Null where no file was dropped. */
export async function pathOfDrop(bridge: Bridge, event: DragEvent): Promise<string | null> {
  const item = event.dataTransfer?.items[0];
  const file = event.dataTransfer?.files[0];
  if (!file) return null;
  if (bridge.native) return bridge.native.pathOf(file);
  if (item?.webkitGetAsEntry()?.isDirectory) {
    throw new Problem('A browser does not tell where a dropped folder lies.', { hint: 'Choose it in the dialog, or write its path.' });
  }
  return bridge.upload(file);
}
