import type { FrozenModel } from '../../../distill/frozen-model.ts';
import type { Teacher } from '../../../distill/teacher.ts';
import type { Keeper } from '../../../teacher/keeper.ts';
import type { Outage } from '../../../teacher/served/outage.ts';
import type { ServedWriter } from '../../../teacher/served/served-writer.ts';

/** A run's teacher: what judges texts by it, and the whole model for whoever needs that, read when it is first asked for. */
export interface RunTeacher {
  judge: Teacher;
  /** What it keeps on the disk; null where it keeps nothing. */
  kept: { teacher: Keeper; folder: string } | null;
  /** Writes for a teacher behind a server, which has no model here; null for every other. */
  writer: ServedWriter | null;
  /** Of a server: how a run waits for it, and whether that is what ended it. */
  outage?: Outage;
  model(): Promise<FrozenModel>;
  /** The whole model if it has been read; null otherwise. */
  atHand(): Promise<FrozenModel> | null;
  /** Lets the whole model go; whoever asks for it reads it again. */
  rest(): Promise<void>;
  /** Told of a checkpoint. @param oldest  step of the oldest one that is kept */
  saved?(step: number, oldest: number): Promise<void>;
  release(): Promise<void>;
}
