import { createHash } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import { version } from '../../../../package.json' with { type: 'json' };
import { bestHereText, bestText, earlyText } from '../../../contract/best.ts';
import type { RunEvent } from '../../../contract/events.ts';
import { stageSentence } from '../../../contract/stages.ts';
import { memorySentence, outcomeSentence, paceSentence } from '../../../contract/forecast-text.ts';
import type { LogLevel } from '../../../contract/history.ts';
import type { Recipe } from '../../../contract/recipe.ts';

/** The run's `log.txt`: what happened, for a person who opens the folder without Retort. */
export class RunLog {
  private readonly path: string;
  private readonly recipe: string;
  private step = 0;
  private writing: Promise<void> = Promise.resolve();

  constructor(path: string, recipe: Recipe) {
    this.path = path;
    this.recipe = createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 12);
  }

  /** Takes an event; what has no place in a log is ignored. */
  tell(event: RunEvent): void {
    if (event.event === 'step') this.step = event.step;
    const words = this.words(event);
    if (words === null) return;
    const line = `${new Date().toISOString()}  ${levelOf(event).padEnd(7)}  ${words.replaceAll('\n', ' ')}\n`;
    // A log that cannot be written must not end a run; a full disk is told by the next checkpoint.
    this.writing = this.writing.then(() => appendFile(this.path, line)).catch(() => undefined);
  }

  close(): Promise<void> {
    return this.writing;
  }

  private words(event: RunEvent): string | null {
    switch (event.event) {
      case 'started': return `${event.fromStep === 0 ? 'started' : `resumed from step ${event.fromStep}`}: ${event.name}, ${event.steps} steps, ${event.parameters} parameters; Retort ${version}, Node ${process.versions.node}, ${process.platform} ${process.arch}, recipe ${this.recipe}`;
      case 'stage': return `step ${event.first}: ${stageSentence(event)}`;
      case 'evaluation': {
        const scores = Object.entries(event.metrics).map(([name, { value, low, high }]) => `${name} ${value.toFixed(4)}${low === null || high === null ? '' : ` (${low.toFixed(4)} to ${high.toFixed(4)})`}`);
        if (event.divergence !== null) scores.push(`divergence ${event.divergence.toFixed(4)}`);
        if (event.loss !== null) scores.push(`loss ${event.loss.toFixed(4)}`);
        return `step ${event.step}: ${scores.join(', ')}, on ${event.examples} examples`;
      }
      case 'forecast': return memorySentence(event.memory);
      case 'pace': return paceSentence(event.totalMs);
      case 'outcome': return outcomeSentence(event.outcome);
      case 'checkpoint': return `step ${event.step}: checkpoint${bestHereText(event)}`;
      case 'warning': return `step ${this.step}: ${event.code}: ${event.message}`;
      case 'stopped': return `stopped; the last checkpoint is ${event.checkpoint === null ? 'none' : `of step ${event.step}`}`;
      case 'done': return `done after ${event.step} steps${event.stoppedEarly ? `, stopped early: ${earlyText(event.stoppedEarly)}` : ''}${event.best ? `; best ${bestText(event.best)}` : ''}`;
      case 'failed': return `failed: ${event.error.message}`;
      case 'phase': case 'step': case 'rollouts': case 'restored': return null;
    }
  }
}

function levelOf({ event }: RunEvent): LogLevel {
  return event === 'failed' ? 'error' : event === 'warning' ? 'warning' : 'info';
}
