import { bestMeasured, bestName } from './best.ts';
import { calculatorUsed } from './calculator.ts';
import { leadingBlank, plainInstruct } from './chat-form.ts';
import { check, type Check } from './check.ts';
import { studentContext, teacherContext } from './context-length.ts';
import { cutStudent } from './cut-student.ts';
import { cutHeldOut, cutTraining } from './cut-texts.ts';
import { deviceMoments } from './device-moments.ts';
import { devices } from './devices.ts';
import { disk } from './disk.ts';
import { chatEnd, openPrompts, sharedEnds, sharedTokens } from './ends.ts';
import { fewSteps } from './few-steps.ts';
import { heldOut, someMetric } from './held-out.ts';
import { keptStates } from './kept-states.ts';
import { learningRate } from './learning-rate.ts';
import { memory } from './memory.ts';
import { metricNames, metricsMeasured } from './metrics.ts';
import { rewardGiven, rewardReferences } from './rewards.ts';
import { comparedTokens, otherTokens } from './other-tokens.ts';
import { sameModel } from './same-model.ts';
import { shotsApart } from './shots-apart.ts';
import { servedTeacher } from './served-teacher.ts';
import { rewardAnswers } from './start/reward.ts';
import { serverAnswers } from './start/server.ts';
import { columns, heldOutNotes, templateVariables, trainingNotes } from './text-notes.ts';
import { unreadFields, warmUp } from './unread-fields.ts';
import { unreadCompletions } from './unread-completions.ts';
import { unusedCache } from './unused-cache.ts';

/** What can be had at all: each says itself why it cannot. */
const method = check('method', ['method'], () => undefined);
const student = check('student', ['student'], () => undefined);
const adapter = check('adapter', ['adapter'], () => undefined);
const teacher = check('teacher', ['teacher'], () => undefined);
const models = check('models', ['models', 'sharedVocabulary', 'eos'], () => undefined);
const training = check('training-data', ['train'], () => undefined);
const validation = check('held-out-data', ['validation'], () => undefined);
const steps = check('steps', ['steps'], () => undefined);

/**
 * Everything that is looked at before a run, in the order in which a run that cannot start says why. None of these
 * starts a program, opens a connection or sends anything: a recipe may be of somebody else.
 */
export const CHECKS: readonly Check[] = [
  method, student, adapter, teacher, servedTeacher, models, otherTokens, studentContext, teacherContext, devices, deviceMoments,
  metricNames, training, validation, metricsMeasured, bestName, bestMeasured, calculatorUsed, shotsApart, rewardGiven, rewardReferences, steps,
  memory, disk,
  sharedEnds, sharedTokens, comparedTokens, chatEnd, openPrompts, sameModel, cutStudent, plainInstruct, leadingBlank, columns, cutTraining, cutHeldOut, trainingNotes, heldOutNotes, templateVariables, unreadFields, unreadCompletions, unusedCache, keptStates, learningRate, warmUp, fewSteps, heldOut, someMetric,
];

/** What starts or reaches something outside: for a run that begins, once the person has allowed it. */
export const START_CHECKS: readonly Check[] = [serverAnswers, rewardAnswers];
