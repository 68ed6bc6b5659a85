import { teacherName } from '../contract/local-teacher.ts';
import type { RunStatus } from '../contract/events.ts';
import { trainingFilesOf } from '../contract/stages.ts';
import { lastName, shareableText } from '../export/without-folders.ts';
import { resultFigures } from './evaluations-section.ts';
import type { RunFacts } from './gather.ts';
import { html, type Content, type Html } from './html.ts';
import { methodInWords } from './method-words.ts';
import type { ModelFacts } from './model-facts.ts';
import { count, duration, moment, shortCount } from './write-number.ts';

const SIGNS: Record<RunStatus, string> = { waiting: '◷', running: '▶', done: '✓', stopped: '■', interrupted: '⚡', failed: '✕' };

/** What the run is, in what state, and what came of it. */
export function headSection({ run, methods, teacher, student, evaluations, time, hasLostCheckpoints }: RunFacts): Html {
  const { name, status, tags, recipe, lastStep, totalSteps, started, ended, created, error } = run;
  const facts: [string, Content][] = [
    ['Teacher', teacher ? html`<span class="teacher">${lastName(teacher.path)}</span> ${size(teacher, null)}` : teacherName(run.recipe) ?? 'none'],
    ['Student', html`<span class="student">${lastName(student.path)}</span> ${size(student, run.parameters)}`],
    ['Data', html`${trainingFilesOf(recipe).map(lastName).join(', then ')}${recipe.data.validation !== undefined && html` <span class="quiet">held out: ${lastName(recipe.data.validation)}</span>`}`],
    ['Method', methods.map(({ method }) => method.preset).join(', then ')],
    ['Steps', html`${count(lastStep)}${totalSteps !== null && html` <span class="quiet">of ${count(totalSteps)}</span>`}${time.stepMs > 0 && html` <span class="quiet">in ${duration(time.stepMs)}</span>`}`],
    [started === null ? 'Created' : 'Started', moment(started ?? created)],
    ...(ended === null ? [] : [['Ended', moment(ended)] satisfies [string, Content]]),
  ];
  return html`<header>
<p class="kicker">Distillation run</p>
<h1>${name} <span class="status ${status}">${SIGNS[status]} ${status}</span></h1>
${tags.length > 0 && html`<p class="tags">${tags.map((tag) => html`<span>${tag}</span> `)}</p>`}
<dl class="facts">${facts.map(([term, told]) => html`<div><dt>${term}</dt><dd>${told}</dd></div>`)}</dl>
${methods.map(({ name, method }) => html`<p class="method">${name !== null && html`<b>${name}:</b> `}${methodInWords(method)}</p>`)}
${hasLostCheckpoints && html`<p class="error"><b>Its checkpoints are not there:</b> this report tells what the history holds; the weights it measured are not in the run's folder any more.</p>`}
${error !== null && html`<p class="error"><b>What went wrong:</b> ${shareableText(error.message)}</p>`}
</header>
${resultFigures(evaluations)}`;
}

function size({ parameters, family }: ModelFacts, known: number | null): Html | null {
  const all = known ?? parameters;
  return all === null ? null : html`<span class="quiet" title="${count(all)}">${shortCount(all)} parameters${family !== null && `, ${family}`}</span>`;
}
