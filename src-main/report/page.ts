import { createHash } from 'node:crypto';
import { answersSection } from './answers-section.ts';
import { chartsOf } from './charts-of-run.ts';
import { evaluationsSection } from './evaluations-section.ts';
import { footer, licenceSection, recipeSection } from './foot-section.ts';
import type { RunFacts } from './gather.ts';
import { headSection } from './head-section.ts';
import { drawn, html } from './html.ts';
import { meaningSection } from './meaning-section.ts';
import { mistakesSection } from './mistakes-section.ts';
import { STYLE } from './style.ts';
import { timeSection } from './time-section.ts';

/** What a report begins with: by it one is known again before it is replaced. */
export const BEGINNING = '<!doctype html>\n<!-- Retort: report of a run -->';

/** By its hash the policy allows this one style sheet, and none that a text brings along. */
const styleHash = (): string => createHash('sha256').update(STYLE).digest('base64');

/**
 * A run as one page that needs nothing else: no script, no font, no picture, no link to load. The policy in its head holds
 * browsers to that, whatever a model may have written.
 */
export function reportPage(facts: RunFacts, written: number): string {
  const { run, series, evaluations } = facts;
  return `${BEGINNING}\n${html`<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${styleHash()}'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${run.name} · Retort</title>
<style>${drawn([STYLE])}</style>
</head>
<body>
<main>
${headSection(facts)}
<section aria-labelledby="charts"><h2 id="charts">Charts</h2>${chartsOf(series, evaluations)}</section>
${evaluationsSection(evaluations)}
${answersSection(facts.answers)}
${mistakesSection(facts.mistakes, facts.methods.at(-1)!.method)}
${timeSection(facts.time, run, facts.expected)}
${recipeSection(facts)}
${licenceSection(facts)}
${meaningSection()}
</main>
${footer(facts, written)}
</body>
</html>
`.markup}`;
}
