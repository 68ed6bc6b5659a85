import { toJson } from '../contract/exact-number.ts';
import { Problem } from '../contract/problem.ts';
import { Template } from '../contract/template.ts';
import { parseExactly } from './exact-json.ts';
import { rowName } from './read.ts';
import type { Row } from './row.ts';

/** What an answer is chosen from, and which choice is right. */
export interface Question { choices: readonly string[]; answer: number }

export interface QuestionFields {
  /** Template of the choices: a column with a list, or the choices with `|` between them; those listed in the prompt if left out. */
  choices: string | undefined;
  /** Template of the right answer; `completionText` where it comes otherwise. */
  answer: string | undefined;
}

/** A row with what has been made of it. */
interface Asked { index: number; row: Row; promptText: string; completionText: string | null }

/** A choice may have a name of its own, as in ARC: its label. */
interface Choices { texts: readonly string[]; labels: readonly string[] }

/** Reads the choices and the right one of every row. @throws Problem that names file and row. */
export function readQuestions(rows: readonly Asked[], path: string, { choices, answer }: QuestionFields): Question[] {
  const [choiceTemplate, answerTemplate] = [choices, answer].map((source) => (source === undefined ? null : new Template(source)));
  return rows.map(({ index, row, promptText, completionText }) => {
    const where = rowName(path, index);
    const found = choiceTemplate ? choicesIn(choiceTemplate.value(row, where)) : listedIn(promptText);
    if (found.texts.length < 2) {
      throw new Problem(`${where}: there are no choices for the metric "multiple-choice"${choiceTemplate ? '' : ' in the prompt, in lines such as "(A) Paris"'}.`, {
        hint: 'Name the column with their list, "{{choices}}", or the choices themselves, "Yes|No".',
      });
    }
    const right = answerTemplate ? answerTemplate.value(row, where) : completionText;
    const at = placeOf(right, found);
    if (at === null) {
      throw new Problem(`${where}: the answer ${JSON.stringify(right)} is none of its choices ${found.texts.map((text) => JSON.stringify(text)).join(', ')}.`, {
        hint: 'An answer is the place of a choice from 0, its letter or its text.',
      });
    }
    return { choices: found.texts, answer: at };
  });
}

function choicesIn(value: unknown): Choices {
  if (Array.isArray(value)) return { texts: value.map(textOf), labels: [] };
  if (typeof value === 'object' && value !== null && 'text' in value && Array.isArray(value.text)) {
    return { texts: value.text.map(textOf), labels: 'label' in value && Array.isArray(value.label) ? value.label.map(textOf) : [] };
  }
  const text = textOf(value);
  return { texts: listIn(text) ?? text.split('|').map((choice) => choice.trim()), labels: [] };
}

/** CSV keeps lists as text. */
function listIn(text: string): string[] | null {
  if (!text.trimStart().startsWith('[')) return null;
  try {
    return (parseExactly(text) as unknown[]).map(textOf);
  } catch {
    return null;
  }
}

/** The last list in a text of lines that begin with (A), (B) and so on, as in BIG-bench Hard; its choices are the letters. */
function listedIn(text: string): Choices {
  const letters = [...text.matchAll(/^ *\(([A-Z])\)/gm)].map((match) => match[1]!);
  return { texts: letters.slice(Math.max(0, letters.lastIndexOf('A'))).map((letter) => `(${letter})`), labels: [] };
}

/** Which choice an answer means: a number counts from 0; a text is that of a choice, or else a label, a letter or a number. */
function placeOf(answer: unknown, { texts, labels }: Choices): number | null {
  const written = textOf(answer).trim();
  const bare = /^\(?([^()]+?)\)?[.:]?$/.exec(written)?.[1] ?? written;
  const places = [
    ...(typeof answer === 'string' ? [texts.findIndex((text) => text.trim() === written)] : []),
    labels.indexOf(bare),
    /^[A-Z]$/i.test(bare) ? bare.toUpperCase().charCodeAt(0) - 'A'.charCodeAt(0) : -1,
    /^\d+$/.test(bare) ? Number(bare) : -1,
  ];
  return places.find((place) => place >= 0 && place < texts.length) ?? null;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : toJson(value));
