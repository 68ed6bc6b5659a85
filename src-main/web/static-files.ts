import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { sendText } from './responses.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml',
  '.png': 'image/png', '.ico': 'image/x-icon', '.woff2': 'font/woff2', '.map': 'application/json', '.json': 'application/json',
};

/** Sends a file below `root`, and nothing from anywhere else. */
export async function sendFile(root: string, path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const place = placeOf(root, path);
  const type = place && TYPES[extname(place)];
  const found = place && type ? await stat(place).catch(() => null) : null;
  if (!place || !type || !found?.isFile()) return sendText(response, 404, 'There is nothing here.');
  const tag = `"${found.size.toString(36)}-${Math.round(found.mtimeMs).toString(36)}"`;
  response.setHeader('ETag', tag);
  // Kept, but asked about every time: another version may have been built.
  response.setHeader('Cache-Control', 'private, no-cache');
  if (request.headers['if-none-match'] === tag) {
    response.writeHead(304).end();
    return;
  }
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': found.size });
  if (request.method === 'HEAD') response.end();
  else await pipeline(createReadStream(place), response);
}

/** Null where the path leads out of the folder. */
function placeOf(root: string, path: string): string | null {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return null;
  }
  if (decoded.includes('\0') || decoded.includes('\\')) return null;
  const place = normalize(join(root, decoded === '/' ? 'index.html' : decoded));
  return place.startsWith(root + sep) ? place : null;
}
