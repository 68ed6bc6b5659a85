import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OpenedBase } from '../open-base.ts';
import type { PreparedRun } from '../look/prepare.ts';
import { openRunTeacher } from './open-run-teacher.ts';
import type { RunTeacher } from './run-teacher.ts';

/**
 * Asks a run's teacher beside the run: what it answers is kept in a folder that goes with it, however `work` ends, also
 * where the teacher cannot be opened.
 * @param own  what the student stands beside, where that is the teacher; null otherwise
 */
export async function withTeacherAside<T>(run: PreparedRun, own: OpenedBase | null, signal: AbortSignal, work: (teacher: RunTeacher | null) => Promise<T>): Promise<T> {
  const aside = await mkdtemp(join(tmpdir(), 'retort-aside-'));
  try {
    const teacher = await openRunTeacher(run, null, own, {
      cache: aside, own: join(aside, 'own'), begun: aside, step: 0, isResumed: false, allowChanged: false, isStopAsked: () => signal.aborted, tell: () => undefined,
    });
    try {
      return await work(teacher);
    } finally {
      await teacher?.release();
    }
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/** A teacher that whoever has it does not release. */
export const lent = (teacher: RunTeacher | null): RunTeacher | null => teacher && { ...teacher, release: () => Promise.resolve() };
