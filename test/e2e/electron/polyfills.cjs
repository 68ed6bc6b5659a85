// What Electron 22 (Node 16, Chromium 108) lacks of the Electron that Retort is written for. Loaded before the
// application by its test alone, in the main process and in the worker.
const v8 = require('node:v8');
const os = require('node:os');
const fs = require('node:fs/promises');

globalThis.structuredClone ??= (value) => v8.deserialize(v8.serialize(value));
os.availableParallelism ??= () => os.cpus().length;
fs.statfs ??= async () => ({ bavail: 2 ** 22, bsize: 4096 });
Array.prototype.toReversed ??= function toReversed() { return [...this].reverse(); };
Array.prototype.toSorted ??= function toSorted(compare) { return [...this].sort(compare); };
Array.prototype.findLastIndex ??= function findLastIndex(holds) {
  for (let at = this.length - 1; at >= 0; at--) if (holds(this[at], at, this)) return at;
  return -1;
};
Array.prototype.findLast ??= function findLast(holds) { return this[this.findLastIndex(holds)]; };
AbortSignal.any ??= (signals) => {
  const controller = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) controller.abort(signal.reason);
    signal.addEventListener('abort', () => controller.abort(signal.reason), { once: true });
  }
  return controller.signal;
};
globalThis.URL.canParse ??= (text, base) => {
  try {
    return Boolean(new globalThis.URL(text, base));
  } catch {
    return false;
  }
};
AbortSignal.prototype.throwIfAborted ??= function throwIfAborted() { if (this.aborted) throw this.reason; };

// A worker in plain Node has none, and would be given the package of this checkout.
const electron = process.versions.electron ? require('electron') : null;
// Where it has a keyring it says so by being available.
if (electron?.safeStorage) electron.safeStorage.getSelectedStorageBackend ??= () => 'gnome_libsecret';
if (electron?.protocol && !electron.protocol.handle) {
  globalThis.Response ??= class Response {
    constructor(body, { status = 200, headers = {} } = {}) { Object.assign(this, { body, status, headers }); }
  };
  electron.protocol.handle = (scheme, answer) => electron.protocol.registerBufferProtocol(scheme, (request, respond) => {
    void Promise.resolve(answer(request)).then(({ body, status, headers }) => respond({ statusCode: status, headers, mimeType: (headers['Content-Type'] ?? 'text/plain').split(';')[0], data: Buffer.from(body) }));
  });
}

require('../../support/slow-steps.cjs');
