import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { basename, join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { sendJson, sendText } from './responses.ts';

/** Bytes of one upload. A browser does not tell where a dropped file lies, so a copy is made; larger files are chosen by their path. */
const LIMIT = 2 ** 31;

/** Keeps a dropped file below `folder`, under its own name in a fresh folder, so that nothing is ever replaced. */
export async function receiveUpload(folder: string, name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const safe = basename(name).replaceAll(/[^\p{L}\p{N}._ -]/gu, '_').replace(/^\.+/, '').slice(-120);
  if (safe === '') return sendText(response, 400, 'The file has no name.');
  const place = join(folder, randomBytes(6).toString('hex'));
  const path = join(place, safe);
  let isTooLarge = false;
  try {
    await mkdir(place, { recursive: true });
    let size = 0;
    const measure = new Transform({
      transform(part: Buffer, _, next: TransformCallback) {
        size += part.length;
        isTooLarge = size > LIMIT;
        next(isTooLarge ? new Error('too large') : null, part);
      },
    });
    await pipeline(request, measure, createWriteStream(path, { flags: 'wx' }));
  } catch (error) {
    await rm(place, { recursive: true, force: true });
    if (response.destroyed) return;
    if (isTooLarge) return sendText(response, 413, 'The file is larger than 2 GiB. Choose it by its path instead.');
    const { code } = error as NodeJS.ErrnoException;
    return sendText(response, code === 'ENOSPC' ? 507 : 500, code === 'ENOSPC' ? 'The disk is full.' : 'The file could not be kept.');
  }
  sendJson(response, { path });
}
