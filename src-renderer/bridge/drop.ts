import { endsOf } from '../../src-main/contract/file-ends.ts';
import { Problem } from '../../src-main/contract/problem.ts';
import type { Bridge } from './bridge.ts';

/** A file on its way from a browser to where Retort runs, and the share of it that has arrived. */
export interface Coming { name: string; share: number }

/**
 * Where a dropped file lies; in a browser, where its copy lies that this uploads. Null where no file was dropped.
 * @param onComing  told while a copy is made
 */
export async function pathOfDrop(bridge: Bridge, event: DragEvent, onComing: (coming: Coming) => void): Promise<string | null> {
  const item = event.dataTransfer?.items[0];
  const file = event.dataTransfer?.files[0];
  if (!file) return null;
  if (bridge.native) return bridge.native.pathOf(file);
  if (item?.webkitGetAsEntry()?.isDirectory) {
    throw new Problem('A browser does not tell where a dropped folder lies.', { hint: 'Choose it in the dialog, or write its path.' });
  }
  return await foundOf(bridge, file) ?? bridge.upload(file, (share) => { onComing({ name: file.name, share }); });
}

/** The path of a model's file that lies on Retort's own machine where models do: it need not be copied. */
async function foundOf(bridge: Bridge, file: File): Promise<string | null> {
  // Browsers compute digests on pages of this machine, and on those that came over https.
  if (!/\.gguf$/i.test(file.name) || !isSecureContext) return null;
  const ends = new Blob(endsOf(file.size).map(([from, to]) => file.slice(from, to)));
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await ends.arrayBuffer()));
  const { path } = await bridge.call('files.find', {
    name: file.name, bytes: file.size, modified: file.lastModified, ends: [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
  });
  return path;
}
