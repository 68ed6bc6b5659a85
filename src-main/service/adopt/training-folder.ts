import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isRunFolder } from '../../run-folder/run-folder.ts';

export const EVENTS = 'events.jsonl';

/** The file in which a training elsewhere tells of itself. @param runDir  the run folder */
export const eventsOf = (runDir: string): string => join(runDir, EVENTS);

/** The run folder of a training elsewhere, in or under a folder that a person names; null where there is none. */
export function trainingFolder(folder: string): string | null {
  const places = [resolve(folder), join(resolve(folder), 'run')];
  return places.find((place) => isRunFolder(place) && (existsSync(eventsOf(place)) || existsSync(join(place, '..', 'settings.json')))) ?? null;
}
