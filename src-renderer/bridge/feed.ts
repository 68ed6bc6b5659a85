/** Milliseconds before a lost connection is tried again: at once at first, then ever less often. */
const WAITS = [0, 500, 1000, 2000, 5000] as const;

/** What the program tells unasked, over a connection that is made again whenever it is lost. */
export class Feed<Message> {
  readonly #listeners = new Set<(message: Message) => void>();
  readonly #connect: () => WebSocket;
  readonly #missed: Message;
  readonly #onState: (isOpen: boolean) => void;
  #socket: WebSocket | null = null;
  #tries = 0;

  /**
   * @param missed  told at each connection, the first as well: what was said before it was there is lost
   * @param onState  hears when the connection is there, and when it is lost
   */
  constructor(connect: () => WebSocket, missed: Message, onState: (isOpen: boolean) => void) {
    this.#connect = connect;
    this.#missed = missed;
    this.#onState = onState;
  }

  subscribe(listener: (message: Message) => void): () => void {
    const own = (message: Message): void => listener(message);
    this.#listeners.add(own);
    this.#open();
    return () => { this.#listeners.delete(own); };
  }

  #open(): void {
    if (this.#socket) return;
    const socket = this.#connect();
    this.#socket = socket;
    socket.onopen = () => {
      this.#tries = 0;
      this.#onState(true);
      this.#tell(this.#missed);
    };
    socket.onmessage = ({ data }) => { this.#tell(JSON.parse(data as string) as Message); };
    socket.onclose = () => {
      this.#socket = null;
      this.#onState(false);
      const wait = WAITS[Math.min(this.#tries++, WAITS.length - 1)]!;
      setTimeout(() => { if (this.#listeners.size > 0) this.#open(); }, wait);
    };
  }

  #tell(message: Message): void {
    for (const listener of this.#listeners) listener(message);
  }
}
