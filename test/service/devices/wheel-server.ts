import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32, deflateRawSync } from 'node:zlib';
import type { Wheel } from '../../../src-main/contract/cuda.ts';

/** A wheel as Python's tools make it: a ZIP archive of packed files. */
function wheelOf(files: Readonly<Record<string, Buffer>>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, contents] of Object.entries(files)) {
    const packed = deflateRawSync(contents);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(contents), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(contents.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), packed]);
    const central = Buffer.alloc(14);
    central.writeUInt32LE(at, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), common, central, Buffer.from(name)]));
    parts.push(local);
    at += local.length;
  }
  const whole = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(directory.length, 4);
  end.writeUInt16LE(directory.length, 6);
  end.writeUInt32LE(whole.length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...parts, whole, Buffer.from('PK\x05\x06'), end]);
}

/** An index of Python's packages on this machine: its pages as JSON, and files with ranges. */
export class WheelServer {
  readonly wheels = new Map<string, { wheel: Wheel; contents: Buffer }>();
  readonly asked: { path: string; range: string | null }[] = [];
  /** Bytes after which a file is cut off, once each time it is set. */
  cutAfter: number | null = null;
  private server: Server | null = null;

  async start(): Promise<void> {
    this.server = createServer((request, response) => {
      const path = new URL(request.url!, 'http://local').pathname;
      const range = request.headers.range ?? null;
      this.asked.push({ path, range });
      const [, name] = /^\/simple\/([\w-]+)\/$/.exec(path) ?? [];
      const page = [...this.wheels.values()].filter(({ wheel }) => wheel.name === name);
      if (name !== undefined && page.length > 0) {
        response.writeHead(200, { 'content-type': 'application/vnd.pypi.simple.v1+json' });
        return response.end(JSON.stringify({ files: page.map(({ wheel }) => ({ filename: wheel.file, url: `../../files/${wheel.file}`, hashes: { sha256: wheel.sha256 }, size: wheel.bytes })) }));
      }
      const found = this.wheels.get(path.replace('/files/', ''));
      if (!found) return response.writeHead(404).end();
      const begin = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
      const rest = found.contents.subarray(begin);
      response.writeHead(range === null ? 200 : 206, { 'content-length': rest.length, ...(range !== null && { 'content-range': `bytes ${begin}-${found.contents.length - 1}/${found.contents.length}` }) });
      if (this.cutAfter === null || this.cutAfter >= rest.length) return response.end(rest);
      response.write(rest.subarray(0, this.cutAfter), () => response.destroy());
      this.cutAfter = null;
    });
    await new Promise<void>((resolve) => { this.server!.listen(0, '127.0.0.1', resolve); });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server!.address() as AddressInfo).port}/simple`;
  }

  add(name: string, files: Readonly<Record<string, Buffer>>, libraries: readonly string[]): Wheel {
    const contents = wheelOf(files);
    const wheel = { name, version: '1.0', file: `${name.replaceAll('-', '_')}-1.0-py3-none-any.whl`, bytes: contents.length, sha256: createHash('sha256').update(contents).digest('hex'), libraries };
    this.wheels.set(wheel.file, { wheel, contents });
    return wheel;
  }

  async stop(): Promise<void> {
    this.server!.closeAllConnections();
    await new Promise((resolve) => { this.server!.close(resolve); });
  }
}
