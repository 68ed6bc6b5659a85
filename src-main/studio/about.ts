import { readFile } from 'node:fs/promises';
import type { About } from '../contract/api/api.ts';
import { METRIC_NAMES } from '../metrics/score.ts';
import { version } from '../../package.json' with { type: 'json' };
import { resource } from '../service/resources.ts';

/** What the program is, what it stands on, and under which licences. */
export async function describeProgram(home: string, readOnly: string | null): Promise<About> {
  const licences = JSON.parse(await readFile(resource('licences.json'), 'utf8')) as About['licences'];
  const { node, electron, chrome } = process.versions;
  const running = { 'Retort': version, 'Node': node, 'Electron': electron, 'Chromium': chrome };
  return {
    version, home, readOnly, licences, metrics: METRIC_NAMES,
    platform: `${process.platform} ${process.arch}`,
    versions: Object.entries(running).flatMap(([name, value]) => (value === undefined ? [] : [{ name, version: value }])),
  };
}
