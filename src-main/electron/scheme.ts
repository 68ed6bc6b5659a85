import { protocol } from 'electron';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';

const SCHEME = 'app';
/** The origin of the interface; nothing else is ever shown. */
export const PAGE = `${SCHEME}://retort/`;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml',
  '.png': 'image/png', '.woff2': 'font/woff2', '.map': 'application/json',
};

const POLICY = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'", "connect-src 'self'",
  "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
].join('; ');

/** To be called before the application is ready. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } }]);
}

/** Serves the built interface under `app://retort/`, and nothing from outside its folder. */
export function serveScheme(root: string): void {
  protocol.handle(SCHEME, async ({ url, method }) => {
    const place = placeOf(root, new URL(url));
    const type = place && TYPES[extname(place)];
    const content = place && type && method === 'GET' ? await readFile(place).catch(() => null) : null;
    if (!content || !type) return new Response('There is nothing here.', { status: 404 });
    return new Response(new Uint8Array(content), {
      headers: { 'Content-Type': type, 'Content-Security-Policy': POLICY, 'X-Content-Type-Options': 'nosniff' },
    });
  });
}

function placeOf(root: string, { host, pathname }: URL): string | null {
  if (host !== 'retort') return null;
  const decoded = decodeURIComponent(pathname);
  if (decoded.includes('\0') || decoded.includes('\\')) return null;
  const place = normalize(join(root, decoded === '/' ? 'index.html' : decoded));
  return place.startsWith(root + sep) ? place : null;
}
