import type { Device } from '../../contract/divergence.ts';
import { Problem } from '../../contract/problem.ts';
import type { Recipe } from '../../contract/recipe.ts';
import type { Commands } from '../../contract/worker.ts';
import type { WorkerHost } from '../../contract/worker-host.ts';
import { triedDevice } from './find-devices.ts';

/** Devices that a recipe names, each tried in a process of its own before a worker touches it: a driver may end or block that, with all that it holds. */
export class TriedDevices {
  private readonly newWorker: () => WorkerHost<Commands>;
  private readonly deadline: number | undefined;
  /** Those whose drivers let a process live. */
  private readonly sound = new Map<Device, Promise<void>>();

  /** @param newWorker  starts such a process. @param deadline  seconds for each */
  constructor(newWorker: () => WorkerHost<Commands>, deadline?: number) {
    this.newWorker = newWorker;
    this.deadline = deadline;
  }

  /** @throws Problem where a driver ends or blocks whoever asks it. What else a device lacks is for the checks to say. */
  async require({ student, teacher }: Pick<Recipe, 'student' | 'teacher'>): Promise<void> {
    for (const device of new Set([student.device, ...(teacher && !teacher.server ? [teacher.device] : [])])) if (device !== 'cpu') await this.one(device);
  }

  /** After something has changed that drivers or their libraries need. */
  forget(): void {
    this.sound.clear();
  }

  private one(device: Device): Promise<void> {
    const known = this.sound.get(device) ?? this.try(device);
    this.sound.set(device, known);
    return known;
  }

  private async try(device: Device): Promise<void> {
    try {
      const { state: { problem, hint }, isAlive } = await triedDevice(device, this.newWorker(), this.deadline);
      if (!isAlive) throw new Problem(problem!, { hint: hint! });
    } catch (error) {
      // It may have been mended by the next time.
      this.sound.delete(device);
      throw error;
    }
  }
}
