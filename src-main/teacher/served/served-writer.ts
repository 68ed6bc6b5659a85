import { createHash } from 'node:crypto';
import { chatAnswer, type SentTurn } from '../../remote/chat.ts';
import { patiently, type Patience } from '../../remote/patience.ts';
import type { Server } from '../../remote/server.ts';
import type { TokenServer, WritingSettings } from '../../remote/token-answers.ts';
import type { WrittenText, WrittenTexts } from './written-texts.ts';

/** A prompt for whoever reads tokens, and for whoever reads turns. */
export interface Asked { readonly tokens: readonly number[]; readonly turns: readonly SentTurn[] }

export interface WriterParts {
  /** Null where the server only speaks in chats. */
  tokens: TokenServer | null;
  server: Server;
  model: string;
  kept: WrittenTexts;
  patience: Patience;
  signal?: AbortSignal | undefined;
  during<T>(work: () => Promise<T>): Promise<T>;
}

/** Lets a server write texts, each kept as it comes. */
export class ServedWriter {
  private readonly parts: WriterParts;

  constructor(parts: WriterParts) {
    this.parts = parts;
  }

  /** One text a prompt, in order. @param onDone  how many are there */
  async write(asked: readonly Asked[], settings: WritingSettings, onDone: (count: number) => void = () => undefined): Promise<WrittenText[]> {
    const written: WrittenText[] = [];
    let [next, done] = [0, 0];
    const work = async (): Promise<void> => {
      while (next < asked.length) {
        const at = next++;
        written[at] = await this.one(asked[at]!, settings);
        onDone(++done);
      }
    };
    await Promise.all(Array.from({ length: this.parts.server.parallel }, work));
    return written;
  }

  private async one(asked: Asked, settings: WritingSettings): Promise<WrittenText> {
    const { kept, tokens, server, model, patience, signal, during } = this.parts;
    const key = createHash('sha256').update(JSON.stringify([tokens ? asked.tokens : asked.turns, settings])).digest('hex').slice(0, 32);
    const known = kept.find(key);
    if (known) return known;
    const written = await during(() => patiently(patience, signal, async (): Promise<WrittenText> => {
      if (!tokens) return { tokens: null, ...await chatAnswer(server, model, asked.turns, settings, signal) };
      const [text] = await tokens.write([asked.tokens], settings, signal);
      return { text: null, ...text! };
    }));
    kept.add(key, written);
    return written;
  }
}
