import type { Device } from '../../contract/divergence.ts';
import type { RunEvent } from '../../contract/events.ts';
import type { Recipe } from '../../contract/recipe.ts';

export interface RunJob {
  recipe: Recipe;
  runDir: string;
  runId: string;
  /** Go on from the newest checkpoint in `runDir`, or from the start if there is none yet. */
  isResumed: boolean;
  /** Of a resumed run: the checkpoint to go on from, 0 for the start; left out for the newest whole one. */
  fromStep?: number;
  /** Of a resumed run: go on although files it reads have changed since it began. */
  allowChanged?: boolean;
  /** Of a resumed run: where it goes on; left out, where it was. */
  device?: Device;
  /** Digests of what the person has allowed it to reach outside. */
  allowed?: readonly string[];
  /** What the teacher's server wants to know; the environment's where it is left out. */
  serverKey?: string;
  /** Folder in which teachers keep their hidden states; left out, nothing is kept. */
  cache?: string;
  /** Of a new run: the day that chat templates are told, as 2026-11-28; today where it is left out. */
  day?: string;
  /** The step behind which it saves and stops, to be gone on with later as if it had not; left out, none. */
  until?: number;
  emit(event: RunEvent): void;
  /** Asked after every step: whether to stop, and how. */
  stopRequest(): StopRequest | null;
}

/** `discard`: what was learned since the last checkpoint is given up. */
export type StopRequest = 'save' | 'discard';
