import type { RunEvent } from '../../contract/events.ts';
import { LineTail } from './line-tail.ts';
import { toldEvent, type Telling } from './told-events.ts';
import { EVENTS, eventsOf } from './training-folder.ts';
import { readTrainingEvent, type TrainingEvent } from './training-events.ts';
import { withinFolder } from './within-folder.ts';

/** What a training elsewhere tells, line by line, in its words and in this program's. */
export class ToldLines {
  /** Whether the last word so far was one of an end. */
  hasEnded = false;
  private readonly telling: Telling;
  private readonly path: string;
  private readonly tail: LineTail;
  private lines = 0;
  private stageSteps: readonly number[] = [];

  constructor(telling: Telling) {
    this.telling = telling;
    this.path = eventsOf(telling.runDir);
    this.tail = new LineTail(this.path);
  }

  /** Bytes of the events that have been read. */
  get bytes(): number {
    return this.tail.offset;
  }

  /** What has been told since the last call. @throws Shrunk; Problem that names file and line */
  async *next(): AsyncGenerator<{ event: TrainingEvent; told: RunEvent }> {
    if (await withinFolder(this.telling.runDir, EVENTS, 'file') === null) return;
    for await (const line of this.tail.read()) {
      const event = readTrainingEvent(line, this.path, ++this.lines);
      this.hasEnded = event.event === 'done' || event.event === 'stopped' || event.event === 'failed';
      if (event.event === 'started') this.stageSteps = event.stageSteps ?? [];
      yield { event, told: await toldEvent(event, this.telling, this.stageSteps) };
    }
  }
}
