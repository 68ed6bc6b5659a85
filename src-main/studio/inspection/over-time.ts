import type { Inspection, InspectedSample, MeasuredSample, PromptMoment } from '../../contract/inspection.ts';
import type { Commands } from '../../contract/worker.ts';
import type { ParamsInput } from '../../contract/worker-host.ts';
import { unpackTokens } from '../../store/inspected-samples.ts';
import { readRollouts } from '../../store/rollouts.ts';
import { findRun } from '../../store/runs.ts';
import type { Home } from '../../service/home.ts';
import { momentsOf } from '../../run-folder/moments.ts';
import type { Workers } from '../workers.ts';

/** Rollouts of one prompt that are looked at, oldest first. */
const ROLLOUTS = 50;

type GivenText = Extract<ParamsInput<Commands, 'survey'>['texts'], { kind: 'given' }>['texts'][number];

/** What every student of a run that is there writes to a sample's prompt, and what was recorded of it in training, by step. */
export async function promptOverTime(
  { home: { database }, workers }: { home: Home; workers: Workers }, { run: runId, teacher, student, settings }: Inspection,
  sample: InspectedSample & { promptTokens: Int32Array },
): Promise<PromptMoment[]> {
  if (runId === null) return [];
  const run = await findRun(database, runId);
  const { example, prompt, turns, reference, promptTokens } = sample;
  const given = (step: number, completion: Int32Array | null, ended: boolean): GivenText => ({ example, step, prompt, turns, reference, promptTokens, completion, ended });
  const { source: _, ...how } = settings;
  const measure = async (path: string, texts: GivenText[]): Promise<MeasuredSample[]> => {
    const measured: MeasuredSample[] = [];
    await workers.job((host) => host.request('survey', { teacher, student: path, device: 'cpu', texts: { kind: 'given', texts }, ...how },
      { onEvent: (event) => { if (event.event === 'samples') measured.push(...event.samples); } }));
    return measured;
  };

  const written: PromptMoment[] = [];
  for (const { step, path } of await momentsOf(run)) {
    const [measured] = await measure(path, [given(step, null, false)]);
    if (measured) written.push({ label: step === 0 ? 'before training' : `checkpoint ${step}`, step, sample: told(measured), isRecorded: false });
  }
  const recorded = settings.source.kind !== 'rollouts' ? [] : (await readRollouts(database, run.id, { order: 'step', descending: false, offset: 0, limit: ROLLOUTS, example })).rollouts
    .filter((rollout) => rollout.tokens.length > 0);
  const texts = recorded.map(({ step, tokens, ended }) => given(step, Int32Array.from(tokens), ended));
  const measured = texts.length === 0 ? [] : await measure(student, texts);
  return [...written, ...measured.map((text): PromptMoment => ({ label: `written at step ${text.step}`, step: text.step!, sample: told(text), isRecorded: true }))]
    .sort((a, b) => a.step - b.step);
}

function told({ promptTokens, tokens, texts, numbers, roles, ...text }: MeasuredSample): PromptMoment['sample'] {
  return { ...text, promptLength: promptTokens.length, tokens: unpackTokens({ tokens, texts, numbers, roles }) };
}
