import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { networkInterfaces } from 'node:os';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { Problem } from '../contract/problem.ts';
import type { Studio } from '../studio/studio.ts';
import { Access, type Refusal } from './access.ts';
import { sendDoor } from './door-page.ts';
import { sendDownload } from './download.ts';
import { connectFeed } from './feed-socket.ts';
import { HEADERS, readBody, sendJson, sendText } from './responses.ts';
import { sendFile } from './static-files.ts';
import { receiveUpload } from './upload.ts';

/** What of the studio a browser reaches; its beginning and end are the command's. */
export type ServedStudio = Pick<Studio, 'call' | 'subscribe' | 'readOnly'>;

export interface ServerOptions {
  studio: ServedStudio;
  host: string;
  /** 0 for any that is free. */
  port: number;
  /** The built interface. */
  root: string;
  /** Where dropped files are kept. */
  uploads: string;
  /** Of the opening address. */
  token: string;
}

export interface WebServer {
  /** The address that opens the interface, its token included. */
  url: string;
  /** One that opens it once and soon: for a browser that is started with it. */
  ticketUrl(): string;
  close(): Promise<void>;
}

const CALL_LIMIT = 2 ** 20;

/** The interface over HTTP: its files, its calls, and what it is told. @throws Problem where the port is taken. */
export async function startServer(options: ServerOptions): Promise<WebServer> {
  const server = createServer();
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  const access = new Access(options.token, options.host, isEverywhere(options.host) ? ownAddresses() : []);
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1024 });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    answer(access, options, request, response).catch(() => {
      // Only where the connection broke: every answer that can be given has been.
      response.destroy();
    });
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refusal = access.refuseOrigin(request, { isSocket: true }) ?? access.refuseStranger(request);
    if (refusal || pathOf(request).pathname !== '/api/feed') {
      socket.end(`HTTP/1.1 ${refusal?.status ?? 404} Refused\r\nConnection: close\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (connected) => connectFeed(options.studio, connected));
  });
  const address = (token: string): string => `http://${hostName(options.host)}:${port}/?token=${token}`;
  return {
    url: address(options.token),
    ticketUrl: () => address(access.ticket()),
    close: async () => {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => { server.close(resolve); });
    },
  };
}

async function answer(access: Access, { studio, root, uploads }: ServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  const origin = access.refuseOrigin(request);
  if (origin) return refuse(response, origin);
  const { pathname, searchParams } = pathOf(request);
  const token = searchParams.get('token');
  if (pathname === '/' && token !== null && request.method === 'GET') return open(access, token, response);
  const stranger = access.refuseStranger(request);
  if (stranger) return pathname === '/' && request.method === 'GET' ? sendDoor(response, stranger) : refuse(response, stranger);
  if (request.method === 'POST' && pathname === '/api/call') return call(studio, request, response);
  if (request.method === 'POST' && pathname === '/api/upload') {
    if (studio.readOnly !== null) return sendText(response, 409, studio.readOnly);
    return receiveUpload(uploads, searchParams.get('name') ?? '', request, response);
  }
  const [, kind, subject] = /^\/api\/download\/([a-z]+)\/([^/]+)$/.exec(pathname) ?? [];
  if (request.method === 'GET' && kind !== undefined && subject !== undefined) return sendDownload(studio, kind, decoded(subject), response);
  if (request.method === 'GET' || request.method === 'HEAD') return sendFile(root, pathname, request, response);
  sendText(response, 405, 'This cannot be asked here.');
}

/**
 * Trades the token for the cookie. The page goes on by itself rather than by a redirect: a browser that came from
 * another site would not send a SameSite=Strict cookie along with a redirect.
 */
function open(access: Access, token: string, response: ServerResponse): void {
  if (!access.isToken(token)) return sendDoor(response, { status: 403, message: 'This is not the address of this data folder. Open the one that <code>retort serve</code> printed last.' });
  response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Set-Cookie': access.cookie });
  response.end('<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=/"><title>Retort</title><p><a href="/">Open Retort</a></p>\n');
}

async function call(studio: ServedStudio, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request, CALL_LIMIT);
  if (body === null) return sendText(response, 413, 'The request is too large.');
  let asked: unknown;
  try {
    asked = JSON.parse(body);
  } catch {
    return sendText(response, 400, 'The request is not JSON.');
  }
  const { name, params } = (asked ?? {}) as { name?: unknown; params?: unknown };
  if (typeof name !== 'string') return sendText(response, 400, 'The request names no call.');
  sendJson(response, await studio.call(name, params));
}

function refuse(response: ServerResponse, { status, message }: Refusal): void {
  sendText(response, status, message);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function pathOf(request: IncomingMessage): URL {
  // The host was compared before and means nothing here.
  return new URL(request.url?.startsWith('/') ? `http://retort${request.url}` : 'http://retort/');
}

async function listen(server: Server, { host, port }: ServerOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(new Problem(
      cause.code === 'EADDRINUSE' ? `Port ${port} is in use.` : `Port ${port} of ${host} cannot be opened (${cause.code ?? cause.message}).`,
      { hint: 'Choose another one with --port; 0 takes any that is free.', cause })));
    server.listen(port, host, resolve);
  });
  server.removeAllListeners('error');
}

const isEverywhere = (host: string): boolean => host === '0.0.0.0' || host === '::';
const ownAddresses = (): string[] => Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));

function hostName(host: string): string {
  if (isEverywhere(host)) return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
