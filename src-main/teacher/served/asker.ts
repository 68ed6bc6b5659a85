import { patiently, type Patience } from '../../remote/patience.ts';
import type { Outage } from './outage.ts';
import type { AskedText, TokenAnswer, TokenServer } from '../../remote/token-answers.ts';

/** Texts of one request at the most: enough to fill a server's batch, few enough to be asked again if it is cut off. */
const AT_ONCE = 8;

interface Waiting { text: AskedText; settle(answer: TokenAnswer[]): void; fail(error: unknown): void }

/** Asks a server about texts as they come, several requests at a time and several texts in each. */
export class Asker {
  private readonly server: Pick<TokenServer, 'judge'>;
  private readonly parallel: number;
  private readonly patience: Patience;
  private readonly during: Outage['during'];
  private readonly signal: AbortSignal;
  private readonly queue: Waiting[] = [];
  private underway = 0;

  constructor(server: Pick<TokenServer, 'judge'>, parallel: number, outage: Outage) {
    this.server = server;
    this.parallel = parallel;
    this.patience = outage.patience;
    this.signal = outage.signal;
    this.during = (work) => outage.during(work);
  }

  /** What the server tells of each token asked about. @throws Problem, the reason of the signal */
  ask(text: AskedText): Promise<TokenAnswer[]> {
    return new Promise((settle, fail) => {
      this.queue.push({ text, settle, fail });
      // Whoever asks about several texts does so before the first request is made up.
      queueMicrotask(() => this.next());
    });
  }

  private next(): void {
    while (this.queue.length > 0 && this.underway < this.parallel) {
      const share = Math.ceil(this.queue.length / (this.parallel - this.underway));
      void this.send(this.queue.splice(0, Math.min(AT_ONCE, share)));
    }
  }

  private async send(members: readonly Waiting[]): Promise<void> {
    this.underway++;
    try {
      const answers = await this.during(() => patiently(this.patience, this.signal, () => this.server.judge(members.map(({ text }) => text), this.signal)));
      members.forEach(({ settle }, at) => settle(answers[at]!));
    } catch (error) {
      for (const { fail } of members) fail(error);
    } finally {
      this.underway--;
      this.next();
    }
  }
}
