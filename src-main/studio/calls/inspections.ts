import type { CallParams } from '../../contract/api/api.ts';
import type { InspectedSample, Inspection } from '../../contract/inspection.ts';
import { answerTokens } from '../../contract/longest-texts.ts';
import { readSample } from '../../store/inspected-samples.ts';
import { placeOfSample, readDistributions, readSampleRows } from '../../store/inspection-query.ts';
import { createInspection, findInspection, listInspections, removeInspection } from '../../store/inspections.ts';
import { findRun } from '../../store/runs.ts';
import type { Home } from '../../service/home.ts';
import { newRunId } from '../../service/ids.ts';
import { momentOf, momentsOf, modelIn } from '../../run-folder/moments.ts';
import { teacherOf } from '../../service/inspect/of-run.ts';
import type { Feed } from '../feed.ts';
import type { CallsOf, Handlers } from '../handlers.ts';
import { promptOverTime } from '../inspection/over-time.ts';
import { runInspection } from '../inspection/run-inspection.ts';
import type { Jobs } from '../jobs.ts';
import type { Workers } from '../workers.ts';

export interface InspectionParts { home: Home; workers: Workers; jobs: Jobs; feed: Feed }

/** Tokens that a continuation may have beyond the text it is compared with. */
const BEYOND = 16;

export function inspectionCalls(parts: InspectionParts): Handlers<CallsOf<'inspections'>> {
  const { home: { database }, workers, jobs, feed } = parts;
  /** A sample with the models that it is about. */
  const open = async (sampleId: number): Promise<{ sample: Awaited<ReturnType<typeof readSample>>; inspection: Inspection; models: { teacher: string; student: string; device: 'cpu' } }> => {
    const sample = await readSample(database, sampleId);
    const inspection = await findInspection(database, sample.inspection);
    return { sample, inspection, models: { teacher: inspection.teacher, student: inspection.student, device: 'cpu' } };
  };
  const idsOf = ({ tokens }: InspectedSample): Int32Array => Int32Array.from(tokens, ({ id }) => id);

  return {
    'inspections.list': () => listInspections(database),
    'inspections.moments': async ({ runId }) => momentsOf(await findRun(database, runId)),
    'inspections.start': async (params) => {
      const inspection = await prepare(parts, params);
      await createInspection(database, inspection);
      feed.publish({ topic: 'inspections' });
      // The person looks at what is there while the rest is computed; how it ended is written down.
      void runInspection(parts, inspection);
      return findInspection(database, inspection.id);
    },
    'inspections.remove': async ({ id }) => {
      if (jobs.list().some((job) => job.id === id && job.state === 'going')) jobs.cancel(id);
      await removeInspection(database, id);
      feed.publish({ topic: 'inspections' });
      return null;
    },
    'inspections.samples': ({ id, ...query }) => readSampleRows(database, id, query),
    'inspections.place': ({ id, sampleId, ...query }) => placeOfSample(database, id, query, sampleId),
    'inspections.distributions': ({ id, filter }) => readDistributions(database, id, filter),
    'inspections.sample': async ({ sampleId }) => {
      const { promptTokens: _, ...sample } = await readSample(database, sampleId);
      return sample;
    },
    'inspections.look': async ({ sampleId }) => {
      const { sample, models } = await open(sampleId);
      return (await workers.ask('look', { ...models, promptTokens: sample.promptTokens, tokens: idsOf(sample) })).tokens;
    },
    'inspections.goOn': async ({ sampleId, position, token }) => {
      const { sample, inspection: { settings }, models } = await open(sampleId);
      const ids = idsOf(sample);
      return workers.ask('goOn', {
        ...models, token, promptTokens: sample.promptTokens, begun: ids.subarray(0, position),
        maxNewTokens: Math.max(settings.maxNewTokens, ids.length + BEYOND) - position,
      });
    },
    'inspections.overTime': async ({ sampleId }) => {
      const { sample, inspection } = await open(sampleId);
      return promptOverTime(parts, inspection, sample);
    },
  };
}

type NewInspection = Omit<Inspection, 'state' | 'error' | 'samples' | 'dropped' | 'bytes'>;

/** What an inspection is about, in words that do not change when the run does. */
async function prepare({ home: { database } }: InspectionParts, { subject, maxNewTokens, ...settings }: CallParams<'inspections.start'>): Promise<NewInspection> {
  const made = { id: newRunId(), created: Date.now() };
  if (subject.kind === 'pair') {
    return {
      ...made, title: `${nameOf(subject.student)} and ${nameOf(subject.teacher)}`, run: null, step: null,
      teacher: modelIn(subject.teacher), student: modelIn(subject.student), settings: { ...settings, maxNewTokens: maxNewTokens ?? 128 },
    };
  }
  const run = await findRun(database, subject.runId);
  const { step, path } = await momentOf(run, subject.step ?? null);
  return {
    ...made, title: step === 0 ? `${run.name}, before` : `${run.name}, step ${step}`, run: run.id, step, teacher: teacherOf(run), student: path,
    settings: { ...settings, maxNewTokens: maxNewTokens ?? answerTokens(run.recipe, run.recipe.data) },
  };
}

const nameOf = (path: string): string => path.split(/[\\/]/).at(-1) ?? path;

