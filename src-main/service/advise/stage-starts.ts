import { listCheckpoints } from '../../run-folder/checkpoint-folder.ts';
import { runPaths } from '../../run-folder/run-folder.ts';
import type { PreparedStage } from '../run/stages/prepare-stages.ts';

/** The student that a stage is measured with. */
export interface StageStart {
  /** Its checkpoint; null of the recipe's own. */
  from: string | null;
  /** Steps of the run that it has made; null where it is not the one that the stage begins with, but the recipe's own in its place. */
  step: number | null;
}

/**
 * Where each stage begins: the first with the recipe's student, a later one with what the stages before made of it. Of a run that has
 * begun that is the checkpoint of the boundary, or the first behind it within the stage that is still there.
 * @param runDir  of a run of this recipe; null where none has begun
 */
export async function stageStarts(stages: readonly Pick<PreparedStage, 'first' | 'steps'>[], runDir: string | null): Promise<StageStart[]> {
  const checkpoints = runDir === null ? [] : await listCheckpoints(runPaths(runDir).checkpoints);
  return stages.map(({ first, steps }) => {
    if (first === 0) return { from: null, step: 0 };
    const there = checkpoints.find(({ step }) => step >= first && step < first + steps);
    return there ? { from: there.path, step: there.step } : { from: null, step: null };
  });
}
