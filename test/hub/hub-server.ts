import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One repository of a hub for tests. */
export interface ServedRepository {
  files: Record<string, string | Uint8Array>;
  /** Files that lie elsewhere, and are known by their SHA-256. */
  large?: readonly string[];
  commit?: string;
  gated?: boolean;
  tags?: readonly string[];
  extra?: Record<string, unknown>;
}

/** What a hub does wrong at a request for a file or of its interface; null for an answer in order. */
export type Fault = (asked: { path: string; isElsewhere: boolean; range: number | null; count: number }, response: ServerResponse, contents: Buffer | null) => boolean;

/** Speaks the protocol of a hub on this machine: its interface, `resolve` with ranges, and a second host for large files. */
export class HubServer {
  readonly repositories = new Map<string, ServedRepository>();
  /** All requests, with what they brought along. */
  readonly asked: { host: 'hub' | 'elsewhere'; path: string; token: string | null; range: string | null }[] = [];
  /** The token that opens what is gated. */
  token = 'hf_right';
  fault: Fault = () => false;
  pageSize = 1000;
  private hub: Server | null = null;
  private elsewhere: Server | null = null;
  private readonly counts = new Map<string, number>();

  async start(): Promise<string> {
    this.hub = createServer((request, response) => this.answerHub(request, response));
    this.elsewhere = createServer((request, response) => this.answerElsewhere(request, response));
    await Promise.all([this.hub, this.elsewhere].map((server) => new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); })));
    return this.url;
  }

  get url(): string {
    return addressOf(this.hub!);
  }

  /** Forgets what was asked and what goes wrong. */
  reset(): void {
    this.asked.length = 0;
    this.counts.clear();
    this.fault = () => false;
    this.pageSize = 1000;
  }

  async stop(): Promise<void> {
    for (const server of [this.hub!, this.elsewhere!]) {
      server.closeAllConnections();
      await new Promise((resolve) => { server.close(resolve); });
    }
  }

  private answerHub(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url!, this.url);
    this.note('hub', request, url);
    if (this.isWrong(request, url, false, response, null)) return;
    const [, kind, rest = ''] = /^\/api\/(models|datasets)(.*)$/.exec(url.pathname) ?? [];
    if (kind !== undefined && rest === '') return this.answerSearch(url, response);
    if (kind !== undefined) {
      const [, id = '', what, revision = ''] = /^\/((?:[^/]+\/)?[^/]+)\/(revision|tree)\/([^/]+)$/.exec(rest) ?? [];
      const repository = this.open(kind === 'datasets' ? `datasets/${id}` : id, request, response);
      if (!repository) return;
      if (!['main', commitOf(repository)].includes(decodeURIComponent(revision))) return refuse(response, 404, 'RevisionNotFound');
      return what === 'tree' ? this.answerTree(repository, url, response) : answerJson(response, infoOf(id, repository));
    }
    const [, id = '', , path = ''] = /^\/((?:datasets\/)?(?:[^/]+\/)?[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(url.pathname) ?? [];
    const repository = this.open(id, request, response);
    if (!repository) return;
    const name = path.split('/').map(decodeURIComponent).join('/');
    const contents = repository.files[name];
    if (contents === undefined) return refuse(response, 404, 'EntryNotFound');
    if (repository.large?.includes(name)) {
      response.writeHead(302, { 'location': `${addressOf(this.elsewhere!)}/${id}/${path}?signature=secret`, 'x-linked-etag': `"${sha256(contents)}"`, 'x-repo-commit': commitOf(repository) });
      response.end();
      return;
    }
    this.send(request, url, false, response, Buffer.from(contents));
  }

  private answerElsewhere(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url!, addressOf(this.elsewhere!));
    this.note('elsewhere', request, url);
    const [id, repository] = [...this.repositories].find(([known]) => url.pathname.startsWith(`/${known}/`))!;
    this.send(request, url, true, response, Buffer.from(repository.files[decodeURIComponent(url.pathname.slice(id.length + 2))]!));
  }

  private send(request: IncomingMessage, url: URL, isElsewhere: boolean, response: ServerResponse, contents: Buffer): void {
    if (this.isWrong(request, url, isElsewhere, response, contents)) return;
    const begin = rangeOf(request);
    const end = Math.min(contents.length, lastOf(request) + 1);
    if (begin === null) response.writeHead(200, { 'content-length': contents.length });
    else response.writeHead(206, { 'content-length': end - begin, 'content-range': `bytes ${begin}-${end - 1}/${contents.length}` });
    response.end(contents.subarray(begin ?? 0, end));
  }

  private answerSearch(url: URL, response: ServerResponse): void {
    const text = url.searchParams.get('search')!.toLowerCase();
    answerJson(response, [...this.repositories].filter(([id]) => id.toLowerCase().includes(text)).map(([id, repository]) => infoOf(id, repository)));
  }

  private answerTree(repository: ServedRepository, url: URL, response: ServerResponse): void {
    const all = Object.entries(repository.files).map(([path, contents]) => ({
      type: 'file', path, size: contents.length, oid: gitHash(contents),
      ...(repository.large?.includes(path) && { lfs: { oid: sha256(contents), size: contents.length, pointerSize: 130 } }),
    }));
    const from = Number(url.searchParams.get('cursor') ?? 0);
    const next = from + this.pageSize;
    if (next < all.length) {
      url.searchParams.set('cursor', String(next));
      response.setHeader('link', `<${url.href}>; rel="next"`);
    }
    answerJson(response, all.slice(from, next));
  }

  private open(id: string, request: IncomingMessage, response: ServerResponse): ServedRepository | null {
    const repository = this.repositories.get(id);
    const token = tokenOf(request);
    if (!repository) refuse(response, token === null ? 401 : 404, 'RepoNotFound');
    else if (repository.gated && token !== this.token && /resolve/.test(request.url!)) refuse(response, token === null ? 401 : 403, 'GatedRepo');
    else return repository;
    return null;
  }

  private isWrong(request: IncomingMessage, url: URL, isElsewhere: boolean, response: ServerResponse, contents: Buffer | null): boolean {
    const key = `${isElsewhere}${url.pathname}${contents === null}`;
    const count = (this.counts.get(key) ?? 0) + 1;
    this.counts.set(key, count);
    return this.fault({ path: url.pathname, isElsewhere, range: rangeOf(request), count }, response, contents);
  }

  private note(host: 'hub' | 'elsewhere', request: IncomingMessage, url: URL): void {
    this.asked.push({ host, path: url.pathname, token: tokenOf(request), range: request.headers.range ?? null });
  }
}

const sha256 = (contents: string | Uint8Array): string => createHash('sha256').update(contents).digest('hex');
const gitHash = (contents: string | Uint8Array): string => createHash('sha1').update(`blob ${Buffer.from(contents).length}\0`).update(contents).digest('hex');
const commitOf = ({ commit, files }: ServedRepository): string => commit ?? createHash('sha1').update(Object.keys(files).join()).digest('hex');
const addressOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const tokenOf = ({ headers }: IncomingMessage): string | null => headers.authorization?.replace('Bearer ', '') ?? null;

function rangeOf({ headers }: IncomingMessage): number | null {
  const begin = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '')?.[1];
  return begin === undefined ? null : Number(begin);
}

function lastOf({ headers }: IncomingMessage): number {
  return Number(/^bytes=\d+-(\d+)$/.exec(headers.range ?? '')?.[1] ?? Infinity);
}

function infoOf(id: string, repository: ServedRepository): object {
  return { id: id.replace('datasets/', ''), sha: commitOf(repository), tags: repository.tags ?? [], gated: repository.gated ? 'auto' : false, downloads: 7, ...repository.extra };
}

function answerJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'x-error-code': code });
  response.end();
}
