import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { CallResult } from '../contract/api/api.ts';
import { fromReport, Problem } from '../contract/problem.ts';
import { fileSlug } from '../contract/file-slug.ts';
import { entriesBelow, zip, zipSize } from '../files/zip.ts';
import type { Studio } from '../studio/studio.ts';
import { sendText } from './responses.ts';

type Asked = Pick<Studio, 'call'>;

/**
 * Sends what would otherwise be written to the disk of the machine that serves: `export/ID` as an archive,
 * `report/RUN` as a page, `corrections/SET` as JSON Lines.
 */
export async function sendDownload(studio: Asked, kind: string, subject: string, response: ServerResponse): Promise<void> {
  try {
    if (kind === 'export') await sendExport(studio, Number(subject), response);
    else if (kind === 'report') {
      const { name } = await ask<'runs.get'>(studio, 'runs.get', { runId: subject });
      await sendWritten(response, `${fileSlug(name, 'report')}.html`, (to) => ask(studio, 'runs.report', { runId: subject, to, replace: false }));
    } else if (kind === 'corrections') {
      await sendWritten(response, `${fileSlug(subject, 'corrections')}.jsonl`, (path) => ask(studio, 'corrections.export', { dataset: subject, path }));
    } else sendText(response, 404, 'There is nothing of this kind to take away.');
  } catch (error) {
    if (response.headersSent || response.destroyed) response.destroy();
    else sendText(response, error instanceof Problem ? 404 : 500, (error as Error).message);
  }
}

async function sendExport(studio: Asked, id: number, response: ServerResponse): Promise<void> {
  const known = (await ask<'exports.list'>(studio, 'exports.list', null)).find((made) => made.id === id);
  if (!known?.isThere) throw new Problem('This export is not there any more.');
  const name = basename(known.folder);
  const entries = await entriesBelow(known.folder, name);
  begin(response, `${name}.zip`, zipSize(entries));
  await pipeline(Readable.from(zip(entries)), response);
}

/** Lets a call write a file and sends that. */
async function sendWritten(response: ServerResponse, name: string, write: (path: string) => Promise<unknown>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'retort-download-'));
  try {
    const path = join(folder, name);
    await write(path);
    begin(response, name, (await stat(path)).size);
    await pipeline(createReadStream(path), response);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function begin(response: ServerResponse, name: string, size: number): void {
  response.writeHead(200, {
    'Content-Type': 'application/octet-stream', 'Content-Length': size,
    'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name).replaceAll("'", '%27')}`,
  });
}

async function ask<Name extends keyof Results>(studio: Asked, name: Name, params: unknown): Promise<Results[Name]> {
  const answer = await studio.call(name, params);
  if (!answer.ok) throw fromReport(answer.error);
  return answer.result as Results[Name];
}

interface Results {
  'exports.list': CallResult<'exports.list'>;
  'runs.get': CallResult<'runs.get'>;
  'runs.report': CallResult<'runs.report'>;
  'corrections.export': CallResult<'corrections.export'>;
}
