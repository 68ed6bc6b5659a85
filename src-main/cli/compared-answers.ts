import type { Answer, AnsweringFacts, RowText } from '../contract/comparison.ts';
import type { Commands } from '../contract/worker.ts';
import type { CommandEvent } from '../contract/worker-host.ts';
import { wordDifference } from '../contract/word-difference.ts';
import type { Output } from './output.ts';

export interface NamedModel { label: string; path: string }

/** Prints what models answer: a typed prompt's texts as they grow, rows of data once all models have answered them. */
export class ComparedAnswers {
  private readonly output: Output;
  private readonly models: readonly NamedModel[];
  private readonly isTyped: boolean;
  private readonly rows = new Map<number, { row: RowText; answers: Answer[] }>();
  private readonly facts: AnsweringFacts[] = [];
  /** The model whose text is being printed. */
  private telling = -1;

  constructor(output: Output, models: readonly NamedModel[], isTyped: boolean) {
    this.output = output;
    this.models = models;
    this.isTyped = isTyped;
  }

  take(event: CommandEvent<Commands, 'compare'>): void {
    switch (event.event) {
      case 'phase': return this.isTyped ? undefined : this.output.progress('answer', event.done, event.total);
      case 'warning': return this.output.warning(event.message);
      case 'rows':
        for (const row of event.rows) this.rows.set(row.example, { row, answers: [] });
        return;
      case 'text':
        if (this.telling !== event.model) this.output.line(`${this.telling < 0 ? '' : '\n'}${this.models[event.model]!.label}:`);
        this.telling = event.model;
        return this.output.text(event.text);
      case 'answers':
        for (const { example, ...answer } of event.answers) this.answered(event.model, example, answer);
        return;
      case 'facts': this.facts[event.model] = event.facts;
    }
  }

  /** What each model was worth, and what it cost. */
  end(): void {
    this.output.json({ event: 'done', models: this.models.map((model, at) => ({ ...model, ...this.facts[at] })) });
    this.output.line('');
    const measures = [...new Set(this.facts.flatMap(({ scores }) => Object.keys(scores)))];
    const table = [
      ['model', 'parameters', 'MiB', 'tokens/s', ...measures],
      ...this.models.map(({ label }, at) => {
        const { parameters, bytes, tokens, milliseconds, scores } = this.facts[at]!;
        return [label, `${(parameters / 1e6).toFixed(2)}M`, (bytes / 2 ** 20).toFixed(1), ((1000 * tokens) / milliseconds).toFixed(0), ...measures.map((name) => scores[name]?.value.toFixed(4) ?? '-')];
      }),
    ];
    const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
    for (const row of table) this.output.line(row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join('  '));
    for (const [at, { unjudged }] of this.facts.entries()) if (unjudged !== null) this.output.line(`${this.models[at]!.label} has no divergence: ${unjudged}.`);
  }

  private answered(model: number, example: number, answer: Answer): void {
    const { row, answers } = this.rows.get(example)!;
    answers[model] = answer;
    if (model < this.models.length - 1) return;
    this.rows.delete(example);
    this.output.json({ event: 'row', ...row, answers: answers.map((found, at) => ({ model: this.models[at]!.label, ...found })) });
    if (this.isTyped) return;
    this.output.line(`\n${example + 1}  ${row.prompt}`);
    if (row.reference !== null) this.output.line(`  reference: ${row.reference.trim()}`);
    answers.forEach((found, at) => { this.output.line(`  ${this.models[at]!.label}: ${marked(row.reference, found.text)}  [${told(found)}]`); });
  }
}

/** An answer with what it has more (`{+ +}`) and less (`[- -]`) than the reference, as wdiff marks it. */
function marked(reference: string | null, text: string): string {
  if (reference === null) return text;
  return wordDifference(reference.trim(), text.trim()).map(({ kind, text: words }) => (kind === 'same' ? words : kind === 'new' ? `{+${words}+}` : `[-${words}-]`)).join('');
}

const told = ({ scores }: Answer): string => Object.entries(scores).flatMap(([name, value]) => (value === null ? [] : [`${name} ${Number.isInteger(value) ? value : value.toFixed(3)}`])).join(', ');
