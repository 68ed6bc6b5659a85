import type { CallInput, CallName, CallResult } from '../../src-main/contract/api/api.ts';
import type { FeedMessage } from '../../src-main/contract/api/feed.ts';
import { fromReport } from '../../src-main/contract/problem.ts';
import type { Studio } from '../../src-main/studio/studio.ts';

/** A studio as a window sees it: typed calls that throw, and everything it was told. */
export class StudioClient {
  readonly messages: FeedMessage[] = [];
  readonly studio: Studio;

  constructor(studio: Studio) {
    this.studio = studio;
    studio.subscribe((message) => this.messages.push(message));
  }

  async call<Name extends CallName>(name: Name, params: CallInput<Name>): Promise<CallResult<Name>> {
    const answer = await this.studio.call(name, params);
    if (!answer.ok) throw fromReport(answer.error);
    return answer.result as CallResult<Name>;
  }

  /** The message that a run came to its end, since message number `after`. */
  ended(runId: string, after = 0): Promise<FeedMessage> {
    return until(() => this.messages.slice(after).find((message) => message.topic === 'ended' && message.runId === runId));
  }
}

/** Waits until there is something to find. */
export async function until<T>(find: () => T | undefined): Promise<T> {
  for (;;) {
    const found = find();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
