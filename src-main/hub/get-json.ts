import type { z } from 'zod';
import { Problem } from '../contract/problem.ts';
import { hubName, type Hub } from './hub.ts';
import { patiently, request, type RequestSettings } from './request.ts';

/** What a hub tells is small; a larger answer is none of it. */
const LARGEST = 2 ** 24;

export interface JsonAnswer<T> { readonly value: T; readonly headers: Headers }

/** Asks the hub for JSON of a shape. @throws Problem */
export async function getJson<Schema extends z.ZodType>(hub: Hub, address: string, schema: Schema, settings: RequestSettings): Promise<JsonAnswer<z.output<Schema>>> {
  return patiently(hub, settings.signal, async () => {
    const answer = await request(hub, address, { ...settings, headers: { accept: 'application/json', ...settings.headers } });
    const bytes = await readAll(hub, answer.pieces(), LARGEST);
    const parsed = schema.safeParse(jsonOf(bytes));
    if (!parsed.success) {
      throw new Problem(`${hubName(hub)} does not answer as a hub does.`, { kind: 'failure', hint: 'Look at the address of the hub.', cause: parsed.error });
    }
    return { value: parsed.data, headers: answer.headers };
  });
}

/** @throws Problem where there is more than `most` */
export async function readAll(hub: Hub, pieces: AsyncIterable<Uint8Array>, most: number): Promise<Buffer> {
  const had: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.length;
    if (bytes > most) throw new Problem(`${hubName(hub)} answers with more than it can have to say.`, { kind: 'failure' });
    had.push(piece);
  }
  return Buffer.concat(had);
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
