import { resolve } from 'node:path';
import { COMMANDS, type Commands } from '../contract/worker.ts';
import type { WorkerHost } from '../contract/worker-host.ts';
import { cudaVariables } from '../service/devices/cuda-place.ts';
import { lookHome, openHome, type Home } from '../service/home.ts';
import { workerEntry } from '../service/resources.ts';
import { defaultHome, peersFolder } from '../store/home.ts';
import { Consent } from '../service/consent/consent.ts';
import { ALLOCATOR } from '../worker/allocator.ts';
import { childHost } from '../worker/child-host.ts';
import { askOnTerminal } from './ask-consent.ts';
import { Output } from './output.ts';

/** Options that every command takes. */
export interface GlobalOptions { home?: string; json?: boolean }

/** What a command works with: its output, and history and worker once it asks for them. */
export class Context {
  readonly output: Output;
  readonly homePath: string;
  private home: Promise<Home> | null = null;
  private host: WorkerHost<Commands> | null = null;

  constructor({ home, json }: GlobalOptions) {
    this.output = new Output(json ?? false);
    this.homePath = home === undefined ? defaultHome() : resolve(home);
  }

  openHome(): Promise<Home> {
    this.home ??= openHome(this.homePath);
    return this.home;
  }

  /** The history for who only looks: where it may not be written, it is opened as it is. */
  lookHome(): Promise<Home> {
    this.home ??= lookHome(this.homePath);
    return this.home;
  }

  /** What a recipe may reach outside. @param trust  `--trust`: a yes for this call */
  async consent(trust = false): Promise<Consent> {
    return new Consent((await this.openHome()).database, askOnTerminal(trust));
  }

  /** The computing process; started at the first call. @param threads  that it computes with where it is started; 0 leaves their number to ONNX Runtime */
  worker(threads = 0): WorkerHost<Commands> {
    this.host ??= this.newWorker(threads);
    return this.host;
  }

  /** Another computing process, for whoever wants it to close. @param threads  0 leaves their number to ONNX Runtime */
  newWorker(threads = 0): WorkerHost<Commands> {
    return childHost(workerEntry(), COMMANDS, {
      env: { ...ALLOCATOR, ...cudaVariables(this.homePath), RETORT_PEERS: peersFolder(this.homePath), ...(threads > 0 && { RETORT_THREADS: String(threads) }) }, onReading: (rows) => this.output.reading(rows),
    });
  }

  async close(): Promise<void> {
    this.output.endProgress();
    await this.host?.close();
    // A history that could not be opened has been told of, and needs no closing.
    await (await this.home?.catch(() => null))?.close();
  }
}
