import { createWriteStream } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { basename, join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { listTree } from '../files/list-tree.ts';
import { sendJson, sendText } from './responses.ts';

/** Bytes of one upload. A browser does not tell where a dropped file lies, so a copy is made; larger files are chosen by their path. */
const LIMIT = 2 ** 31;
/** Bytes of all uploads that are kept. */
const SUM_LIMIT = 2 ** 33;

/** Keeps a dropped file below `folder`, under its own name in a fresh folder, so that nothing is ever replaced. */
export async function receiveUpload(folder: string, name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const safe = keptName(name);
  if (safe === '') return sendText(response, 400, 'The file has no name.');
  const place = join(folder, randomBytes(6).toString('hex'));
  const path = join(place, safe);
  const room = SUM_LIMIT - await bytesUnder(folder);
  let isTooLarge = false;
  try {
    await mkdir(place, { recursive: true });
    let size = 0;
    const measure = new Transform({
      transform(part: Buffer, _, next: TransformCallback) {
        size += part.length;
        isTooLarge = size > Math.min(LIMIT, room);
        next(isTooLarge ? new Error('too large') : null, part);
      },
    });
    await pipeline(request, measure, createWriteStream(path, { flags: 'wx' }));
  } catch (error) {
    await rm(place, { recursive: true, force: true });
    if (response.destroyed) return;
    if (isTooLarge) {
      return sendText(response, 413, room < LIMIT ? 'The files that were dropped here take 8 GiB together. Choose this one by its path instead.'
        : 'The file is larger than 2 GiB. Choose it by its path instead.');
    }
    const { code } = error as NodeJS.ErrnoException;
    return sendText(response, code === 'ENOSPC' ? 507 : 500, code === 'ENOSPC' ? 'The disk is full.' : 'The file could not be kept.');
  }
  sendJson(response, { path });
}

/** A name with its letters as they are, without what some file system refuses; empty where nothing is left. */
function keptName(name: string): string {
  const characters = [...basename(name).replaceAll(/[\p{C}<>:"/\\|?*]/gu, '_')];
  // A file's name has room for 255 bytes; its end says what it is.
  while (Buffer.byteLength(characters.join('')) > 240) characters.shift();
  return characters.join('').replace(/^[. ]+|[. ]+$/g, '');
}

/** Bytes of the files under a folder; none where there is no folder. */
async function bytesUnder(folder: string): Promise<number> {
  const files = await listTree(folder).catch((): string[] => []);
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file)).catch(() => null))?.size ?? 0));
  return sizes.reduce((sum, size) => sum + size, 0);
}
