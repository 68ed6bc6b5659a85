import type { Answers, RowFacts } from './facts.ts';

/** What rows tell and what further rows tell, as one. */
export function joinFacts(first: RowFacts, more: RowFacts): RowFacts {
  const both = <Item>(a: readonly Item[] | null, b: readonly Item[] | null): Item[] | null => (a === null || b === null ? null : [...a, ...b]);
  const answers = (a: Answers, b: Answers): Answers => ({ texts: [...a.texts, ...b.texts], predictions: [...a.predictions, ...b.predictions], ms: a.ms + b.ms });
  return {
    rows: first.rows + more.rows, teacherRoom: first.teacherRoom,
    given: [...first.given, ...more.given], compared: both(first.compared, more.compared),
    own: [...first.own, ...more.own], ownCompared: both(first.ownCompared, more.ownCompared),
    student: answers(first.student, more.student), teacher: first.teacher && more.teacher && answers(first.teacher, more.teacher),
  };
}
