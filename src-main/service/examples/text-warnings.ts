import { basename } from 'node:path';
import type { TemplateVariables } from '../../contract/chat-turn.ts';
import { hasChatTemplate, loadChatTemplate } from '../../text/chat/chat-template.ts';
import { cutTexts } from '../../text/cut-texts.ts';
import type { TokenLimits } from '../../text/encode.ts';
import { columnFindings } from '../../text/column-findings.ts';
import { allLengths, type ExampleSet } from '../../text/example-set.ts';
import type { ExampleFields } from '../../text/examples.ts';
import { summarizeLengths } from '../../text/length-summary.ts';
import { textFindings, unreadVariables } from '../../text/text-findings.ts';
import type { Model } from '../../model/load-model.ts';

/** What is worth knowing of texts, as commands that are no runs tell it. */
export interface TextWarning { event: 'warning'; code: string; message: string }

/** How the texts of a file became tokens, where that is not what their rows say. */
export function textWarnings(examples: ExampleSet, file: string, limits: TokenLimits): TextWarning[] {
  return told([...textFindings(examples.notes, basename(file)), ...cutTexts(summarizeLengths(allLengths(examples)), limits, 'of the', null)]);
}

/** What the templates do with the first row that whoever wrote them will hardly mean. */
export async function columnWarnings(fields: Pick<ExampleFields, 'prompt' | 'completion' | 'messages'>, examples: ExampleSet): Promise<TextWarning[]> {
  return examples.count === 0 ? [] : told(columnFindings(fields, (await examples.read([0]))[0]!.row));
}

/** Switches that a model's chat template does not have. */
export async function variableWarnings(variables: TemplateVariables | undefined, { folder }: Model): Promise<TextWarning[]> {
  if (variables === undefined || Object.keys(variables).length === 0) return [];
  if (!await hasChatTemplate(folder.companions)) return [];
  return told(unreadVariables(variables, (await loadChatTemplate(folder.companions)).sources.join('\n')));
}

const told = (findings: readonly { code: string; message: string; hint?: string }[]): TextWarning[] =>
  findings.map(({ code, message, hint }) => ({ event: 'warning', code, message: hint === undefined ? message : `${message} ${hint}` }));
