import { constants } from 'node:os';
import type { Details } from 'electron';
import type { WorkerEnd } from '../worker/ports.ts';

/** Milliseconds in which the two words on the end of one process follow each other. */
const GRACE = 3000;
/** Signals whose numbers no Node process that has started ends by itself with: nothing else has to tell of these. */
const UNMISTAKABLE: readonly number[] = [constants.signals.SIGKILL, constants.signals.SIGSEGV];
const BROKEN: readonly Details['reason'][] = ['crashed', 'killed', 'oom', 'abnormal-exit'];

type Gone = Pick<Details, 'type' | 'reason' | 'exitCode' | 'name'>;
/** The part of Electron's `app` that is needed here. */
interface Application { on(event: 'child-process-gone', listener: (event: unknown, details: Gone) => void): unknown }

/**
 * What the application tells of the workers that broke. Electron tells a crash twice: `exit` of the process, whose code is 0
 * where its pipe broke before the system told how it ended, and the application's `child-process-gone`, which says how but not
 * of which process. Either may come first; of a process that ended by itself only `exit` comes.
 */
export class GoneProcesses {
  #reports: { at: number; gone: Gone }[] = [];
  readonly #waiting: { code: number; take: (gone: Gone) => void }[] = [];

  /** @param name  what the workers are called: `serviceName` of their start, which the report has as `name` */
  constructor(app: Application, name: string) {
    app.on('child-process-gone', (_, gone) => {
      if (gone.type !== 'Utility' || gone.name !== name || !BROKEN.includes(gone.reason)) return;
      const first = this.#waiting.findIndex(({ code }) => isOf(gone, code));
      if (first >= 0) this.#waiting.splice(first, 1)[0]!.take(gone);
      else this.#reports.push({ at: Date.now(), gone });
    });
  }

  /** How a worker ended that has just said `exit` with this code. */
  async explain(code: number): Promise<Pick<WorkerEnd, 'code' | 'signal'>> {
    const gone = await this.#reportOf(code);
    if (gone && gone.reason !== 'abnormal-exit') return { code: null, signal: signalOf(gone.exitCode) ?? gone.reason };
    const told = gone?.exitCode ?? code;
    const signal = UNMISTAKABLE.includes(told) ? signalOf(told) : undefined;
    return signal === undefined ? { code: told, signal: null } : { code: null, signal };
  }

  #reportOf(code: number): Promise<Gone | null> {
    // What is older was told of a process that nobody asked about.
    this.#reports = this.#reports.filter(({ at }) => Date.now() - at < GRACE);
    const known = this.#reports.find(({ gone }) => isOf(gone, code));
    if (known) {
      this.#reports = this.#reports.filter((other) => other !== known);
      return Promise.resolve(known.gone);
    }
    return new Promise((resolve) => {
      const waiting = { code, take: resolve };
      this.#waiting.push(waiting);
      setTimeout(() => {
        const place = this.#waiting.indexOf(waiting);
        if (place >= 0) this.#waiting.splice(place, 1);
        resolve(null);
      }, GRACE);
    });
  }
}

const isOf = ({ exitCode }: Gone, code: number): boolean => code === 0 || exitCode >>> 0 === code >>> 0;

/** The signal's name where the system ends processes by signals. */
const signalOf = (code: number): string | undefined =>
  (process.platform === 'win32' ? undefined : Object.entries(constants.signals).find(([, number]) => number === code)?.[0]);
