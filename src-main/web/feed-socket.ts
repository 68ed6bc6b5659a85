import type { WebSocket } from 'ws';
import type { FeedMessage } from '../contract/api/feed.ts';
import type { Studio } from '../studio/studio.ts';

/** Bytes that may wait for a slow reader before it is told to ask again for what it shows. */
const BACKLOG = 2 ** 22;
const HEARTBEAT_MS = 30_000;

/** Tells one browser what changes, as long as it listens. */
export function connectFeed(studio: Pick<Studio, 'subscribe'>, socket: WebSocket): void {
  let isBehind = false;
  let isAlive = true;
  // Looked at whenever something has gone out: what was left out may have been the last word for long.
  const send = (message: FeedMessage): void => socket.send(JSON.stringify(message), catchUp);
  const catchUp = (): void => {
    if (!isBehind || socket.readyState !== socket.OPEN || socket.bufferedAmount > BACKLOG) return;
    isBehind = false;
    send({ topic: 'resync' });
  };
  const unsubscribe = studio.subscribe((message) => {
    if (socket.readyState !== socket.OPEN) return;
    if (isBehind || socket.bufferedAmount > BACKLOG) isBehind = true;
    else send(message);
    catchUp();
  });
  const heartbeat = setInterval(() => {
    if (!isAlive) return socket.terminate();
    isAlive = false;
    socket.ping();
  }, HEARTBEAT_MS);
  socket.on('pong', () => { isAlive = true; });
  // A browser has nothing to say here.
  socket.on('message', () => socket.close(1008));
  socket.on('error', () => socket.terminate());
  socket.on('close', () => {
    clearInterval(heartbeat);
    unsubscribe();
  });
}
