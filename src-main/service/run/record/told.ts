import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { evaluationSchema, stepMetricsSchema } from '../../../contract/event-schema.ts';
import type { Evaluation, StepMetrics } from '../../../contract/events.ts';
import { digestOfText } from '../../../files/digest.ts';

/** Kept with a checkpoint: more than a history can be behind, and what a history that lost the run is given back. */
const STEPS = 5000;
const EVALUATIONS = 50;

const FILE = 'told.json';
const partsSchema = z.object({ steps: z.array(stepMetricsSchema), evaluations: z.array(evaluationSchema) });

/** The last measurements of a run, oldest first. */
export interface ToldParts { steps: StepMetrics[]; evaluations: Evaluation[] }

/**
 * What a run has told of late. A program that is killed takes with it what it had heard and not yet written down; a
 * checkpoint may be newer than that, so it brings the last measurements along, and a resumed run tells them again.
 */
export class Told {
  private steps: StepMetrics[] = [];
  private evaluations: Evaluation[] = [];

  step(metrics: StepMetrics): void {
    // JSON has no word for them.
    if (Object.values(metrics).some((value) => typeof value === 'number' && !Number.isFinite(value))) return;
    this.steps.push(metrics);
    if (this.steps.length >= 2 * STEPS) this.steps = this.steps.slice(-STEPS);
  }

  evaluation(evaluation: Evaluation): void {
    this.evaluations = [...this.evaluations, evaluation].slice(-EVALUATIONS);
  }

  async write(checkpoint: string): Promise<void> {
    const parts = JSON.stringify({ steps: this.steps.slice(-STEPS), evaluations: this.evaluations });
    // Beside the other digests it would make the state of equal runs differ: times are told here.
    await writeFile(join(checkpoint, FILE), `{"sha256":"${digestOfText(parts)}","told":${parts}}\n`);
  }

  /** Takes up what a checkpoint brought; nothing where it has none that is whole. */
  async read(checkpoint: string): Promise<ToldParts> {
    const parts = await readTold(checkpoint);
    this.steps = parts.steps;
    this.evaluations = parts.evaluations;
    return parts;
  }
}

/** What a checkpoint was told. A run goes on without it, so a damaged file is as good as none. */
export async function readTold(checkpoint: string): Promise<ToldParts> {
  const text = await readFile(join(checkpoint, FILE), 'utf8').catch(() => '');
  const whole = /^\{"sha256":"([0-9a-f]{64})","told":(.*)\}\n$/s.exec(text);
  if (whole && digestOfText(whole[2]!) !== whole[1]) return { steps: [], evaluations: [] };
  // Older versions wrote the parts alone.
  const parsed = partsSchema.safeParse(parse(whole ? whole[2]! : text));
  return parsed.success ? parsed.data : { steps: [], evaluations: [] };
}


function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
