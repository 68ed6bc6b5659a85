import { dirname } from 'node:path';
import { bytesText } from '../../contract/bytes-text.ts';
import type { HubGot } from '../../contract/hub.ts';
import { Problem } from '../../contract/problem.ts';
import type { Hub } from '../../hub/hub.ts';
import { download, type DownloadSettings } from './download.ts';
import type { Looked } from './looked.ts';

/** Downloads what was looked at. @param place  absolute. @throws Problem where there is nothing to download, or it fails */
export async function getLooked(hub: Hub, { look, repository, files }: Looked, place: string, settings: DownloadSettings): Promise<HubGot> {
  if (look.choices.length > 0) throw toChoose(look);
  if (files.length === 0) throw new Problem(look.unusable?.message ?? `${look.id} has nothing that Retort reads.`, look.unusable?.hint === undefined ? {} : { hint: look.unusable.hint });
  const wasThere = await download(hub, { repository, commit: look.commit, licence: look.licence, files, place }, settings);
  return { to: place, commit: look.commit, files: look.files, wasThere };
}

const SHOWN = 20;

function toChoose({ id, kind, choices }: Looked['look']): Problem {
  const shown = choices.slice(0, SHOWN).map(({ path, bytes }) => `${path} (${bytesText(bytes)})`).join(', ');
  const more = choices.length > SHOWN ? ` and ${choices.length - SHOWN} more` : '';
  const folder = dirname(choices[0]!.path);
  const example = kind === 'dataset' && folder !== '.' ? `"${folder}/*"` : choices[0]!.path;
  return new Problem(`${id} has several ${kind === 'model' ? 'GGUF files' : 'data files'}, and one has to be chosen: ${shown}${more}.`, { hint: `Name it with --file, for example --file ${example}.` });
}
