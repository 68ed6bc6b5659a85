import { followReading } from '../bounds/reading.ts';
import { Problem, toReport } from '../contract/problem.ts';
import type { CommandEvent, CommandMap, CommandName, Params, Result } from '../contract/worker-host.ts';
import type { WorkerPort } from './ports.ts';
import { describeMismatch, hostFrame, type HostFrame, type WorkerFrame } from './protocol.ts';

export interface HandlerContext<Event> {
  /** Aborted when the request is cancelled or the program is gone. Look at it between steps and throw its reason. */
  signal: AbortSignal;
  emit(event: Event): void;
}

export type Handlers<M extends CommandMap> = {
  [Name in CommandName<M>]: (
    params: Params<M, Name>, context: HandlerContext<CommandEvent<M, Name>>,
  ) => Promise<Result<M, Name>>;
};

/** Milliseconds between two words on the rows that have been read; what takes less is not worth one. */
const PAUSE = 500;

function everyNow(tell: (rows: number) => void): (rows: number) => void {
  let last = Date.now();
  return (rows) => {
    if (Date.now() - last < PAUSE) return;
    last = Date.now();
    tell(rows);
  };
}

type WatchPrograms = (listen: (running: readonly number[]) => void) => void;

/**
 * The worker's side: runs a handler for each request and sends what it emits, returns or throws. Several
 * requests may be active at once. When the program is gone, or asks it to close, the worker cancels what it
 * does and exits as soon as the last handler has returned: at once if idle.
 * @param watchPrograms  tells which programs this process runs, where it is one of its own
 */
export function serve<M extends CommandMap>(port: WorkerPort, commands: M, handlers: Handlers<M>, watchPrograms: WatchPrograms = () => undefined): void {
  const active = new Map<number, AbortController>();
  let ending = false;
  const send = (frame: WorkerFrame): void => port.send(frame);

  const end = (reason: string): void => {
    ending = true;
    for (const controller of active.values()) controller.abort(new Problem(reason, { kind: 'failure' }));
    if (active.size === 0) port.exit();
  };

  const fault = (message: string): void => {
    send({ type: 'fault', message });
    end(message);
  };

  async function handle(command: string, params: unknown, context: HandlerContext<unknown>): Promise<unknown> {
    const known = Object.hasOwn(commands, command) ? commands[command] : undefined;
    const handler = handlers[command as CommandName<M>];
    if (!known) throw new Problem(`The worker knows no command "${command}".`, { kind: 'failure' });
    const parsed = known.params.safeParse(params);
    if (!parsed.success) throw new Problem(`Command "${command}": ${describeMismatch(parsed.error)}`, { kind: 'failure' });
    // The schema has just made the parameters what the handler's type says.
    return handler(parsed.data as Params<M, CommandName<M>>, context);
  }

  async function request({ id, command, params }: Extract<HostFrame, { type: 'request' }>): Promise<void> {
    const controller = new AbortController();
    active.set(id, controller);
    const emit = (event: unknown): void => {
      if (active.has(id)) send({ type: 'event', id, event });
    };
    try {
      const result = await followReading(everyNow((rows) => send({ type: 'reading', id, rows })), () => handle(command, params, { signal: controller.signal, emit }));
      send({ type: 'result', id, result });
    } catch (error) {
      send({ type: 'error', id, error: toReport(error) });
    }
    active.delete(id);
    if (ending && active.size === 0) port.exit();
  }

  let lastId = 0;
  port.onMessage((message) => {
    if (ending) return;
    const frame = hostFrame.safeParse(message);
    if (!frame.success) {
      fault(`The worker received a malformed message: ${describeMismatch(frame.error)}`);
    } else if (frame.data.type === 'ping') {
      send({ type: 'pong' });
    } else if (frame.data.type === 'close') {
      end('The worker was asked to end.');
    } else if (frame.data.type === 'cancel') {
      active.get(frame.data.id)?.abort(new Problem('Cancelled.', { kind: 'failure' }));
    } else if (frame.data.id <= lastId) {
      fault(`The worker received request ${frame.data.id} twice.`);
    } else {
      lastId = frame.data.id;
      void request(frame.data);
    }
  });
  port.onDisconnect(() => end('The program that started the worker is gone.'));
  watchPrograms((running) => send({ type: 'programs', running: [...running] }));
  send({ type: 'ready' });
}
