import { readable } from '../../src-renderer/recipe/readable.ts';
import { templateVariables } from '../../src-renderer/recipe/template-variables.ts';
import { isDropped, withNames } from '../../src-renderer/recipe/dropped.ts';
import { fullStop } from '../../src-renderer/format.ts';
import { joined, missingIn } from '../../src-renderer/recipe/missing.ts';
import { isUsed, useWords } from '../../src-renderer/recipe/use-words.ts';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../src-main/contract/finding.ts';
import { PRESETS } from '../../src-main/contract/presets.ts';
import { equivalentCommand, recipeFileName } from '../../src-renderer/recipe/command.ts';
import { differences, isFixed, standardOf, withPreset } from '../../src-renderer/recipe/difference.ts';
import { fieldsIn, RECIPE_FIELDS, recipeField } from '../../src-renderer/recipe/fields.ts';
import { friendly } from '../../src-renderer/recipe/friendly.ts';
import { studentParameters } from '../../src-renderer/recipe/layers.ts';
import { columnsUsed, renderTemplate, suggestMapping, templateProblem } from '../../src-renderer/recipe/mapping.ts';
import { pathsOf, valueAt, withValue, type UnfinishedRecipe } from '../../src-renderer/recipe/paths.ts';
import { asksProducts, BEGIN, hasAdapter, targetsOf, targetsText, WHOLE } from '../../src-renderer/screens/new-run/models/trained-part.ts';

describe('a recipe under edit', () => {
  it('takes values by path and loses empty sections', () => {
    const one = withValue({}, 'evaluate.decode.strategy', 'sample');
    expect(one).toEqual({ evaluate: { decode: { strategy: 'sample' } } });
    expect(valueAt(one, 'evaluate.decode.strategy')).toBe('sample');
    expect(valueAt(one, 'evaluate.decode.strategy.more')).toBeUndefined();
    expect(withValue(one, 'evaluate.decode.strategy', undefined)).toEqual({});
    expect(pathsOf(withValue(one, 'data.train', 'a.csv'))).toEqual(['evaluate.decode.strategy', 'data.train']);
  });

  it('is left as it was', () => {
    const before = { data: { train: 'a' } };
    withValue(before, 'data.train', 'b');
    withValue(before, 'data.train', undefined);
    expect(before).toEqual({ data: { train: 'a' } });
  });
});

describe('fields', () => {
  it('all have a help text, whatever section they are in', () => {
    expect([...RECIPE_FIELDS.values()].filter(({ help, path }) => help.length < 10 && !path.startsWith('method.preset'))).toEqual([]);
    expect(fieldsIn('evaluate').map(({ path }) => path)).toContain('evaluate.decode.temperature');
  });

  it('explain themselves in the words of the screen', () => {
    expect(recipeField('method.divergence').help).toContain('Forward KL covers everything the teacher might say, reverse KL');
    expect(recipeField('teacher.server.protocol').help).toContain('. vLLM and SGLang tell');
    for (const { help, path } of RECIPE_FIELDS.values()) expect(help, path).not.toMatch(/forward_kl|reverse_kl|>=|docs\//);
  });

  it('know their kind and bounds', () => {
    expect(recipeField('method.beta')).toMatchObject({ kind: 'number', minimum: 0, maximum: 1, isMinimumOpen: true, isMaximumOpen: true });
    expect(recipeField('train.batchSize')).toMatchObject({ kind: 'integer', label: 'Batch size', default: 32, isMinimumOpen: true, maximum: undefined });
    expect(recipeField('method.divergence')).toMatchObject({ kind: 'choice', options: ['forward_kl', 'reverse_kl', 'jsd', 'tvd', 'cross_entropy'] });
    expect(recipeField('evaluate.metrics').kind).toBe('list');
    expect(recipeField('data.train').isRequired).toBe(true);
  });

  it('belong to kinds where a section has them', () => {
    expect(recipeField('method.reward.kind')).toMatchObject({ kind: 'choice', label: 'Reward', kinds: null });
    expect(recipeField('method.reward.tolerance').kinds).toEqual(['numeric']);
    expect(recipeField('method.reward.timeoutSeconds')).toMatchObject({ kinds: ['command', 'http'], default: 60 });
  });
});

describe('what differs from the preset', () => {
  it('is nothing for a recipe that says what its preset says', () => {
    expect(differences({ method: { preset: 'gkd', lambda: 0.5, divergence: 'jsd' }, train: { batchSize: 32 } })).toEqual([]);
  });

  it('names value and standard', () => {
    expect(differences({ method: { preset: 'imitkd', lambda: 1 }, train: { learningRate: 1e-3 } })).toEqual([
      { path: 'method.preset', value: 'imitkd', standard: 'gkd' },
      { path: 'method.lambda', value: 1, standard: 0.5 },
      { path: 'train.learningRate', value: 1e-3, standard: 3e-4 },
    ]);
  });

  it('knows what a preset leaves no choice in, and drops it when the preset is chosen', () => {
    expect(isFixed('sft', 'method.lambda')).toBe(true);
    expect(isFixed('gkd', 'method.lambda')).toBe(false);
    const recipe = { method: { preset: 'gkd', lambda: 0.2, samplingTemperature: 2 }, seed: 1 };
    expect(withPreset(recipe, 'sft')).toEqual({ method: { preset: 'sft', samplingTemperature: 2 }, seed: 1 });
    const chosen = (divergence: string) => withPreset({ method: { preset: 'gkd', divergence } }, 'f-distill');
    expect(chosen('jsd')).toEqual({ method: { preset: 'f-distill', divergence: 'jsd' } });
    expect(chosen('forward_kl')).toEqual({ method: { preset: 'f-distill' } });
    for (const preset of PRESETS) expect(standardOf(preset, 'method.lambda')).toBeTypeOf('number');
  });
});

describe('mapping columns', () => {
  const columns = (...names: string[]): { name: string; kinds: ['text'] }[] => names.map((name) => ({ name, kinds: ['text'] }));

  it('is suggested from their names', () => {
    expect(suggestMapping({ columns: columns('id', 'Question', 'answer'), rows: [{ Question: 'how many', answer: '4' }] }))
      .toEqual({ prompt: '{{Question}}', completion: ' {{answer}}' });
    expect(suggestMapping({ columns: columns('question', 'solution'), rows: [{ question: '1+1=', solution: '2' }] }))
      .toEqual({ prompt: '{{question}}', completion: '{{solution}}' });
    expect(suggestMapping({ columns: [{ name: 'turns', kinds: ['messages'] }], rows: [] })).toEqual({ messages: 'turns' });
    expect(suggestMapping({ columns: columns('a', 'b'), rows: [] })).toEqual({});
  });

  it('says which column was meant', () => {
    expect(templateProblem('{{qestion}}', ['question', 'answer'], 'train.csv')?.hint).toBe('Did you mean "question"? The columns are question, answer.');
    expect(templateProblem('{{question}', ['question'], 'train.csv')?.message).toContain('braces');
    expect(templateProblem('{{answer.text}}', ['answer'], 'train.csv')).toBeNull();
  });

  it('shows what a template makes of a row', () => {
    expect(renderTemplate('Q: {{q.text}}', { q: { text: 'why' } }, 'row 1')).toEqual({ text: 'Q: why' });
    expect(renderTemplate('{{q}}', { q: null }, 'row 1')).toEqual({ problem: 'row 1: the column "q" has no value.' });
    expect(columnsUsed('{{a.b}} {{c}}', ['a', 'c'])).toEqual(['a', 'c']);
    expect(columnsUsed('{{a', ['a'])).toEqual([]);
  });
});

it('a recipe is saved under a name every file system takes', () => {
  expect(recipeFileName('Titel, größer: λ=1')).toBe('titel-größer-λ-1.retort');
  expect(recipeFileName(`a${'語'.repeat(90)}`)).toBe(`a${'語'.repeat(59)}.retort`);
  expect(recipeFileName('…')).toBe('recipe.retort');
  expect(equivalentCommand('/home/me/titles.json')).toBe('retort run /home/me/titles.json');
  expect(equivalentCommand('/home/me/my titles.json')).toBe('retort run "/home/me/my titles.json"');
});

it('a student is smaller by the layers it lacks', () => {
  const teacher = { parameters: 1000, layers: 10, layerParameters: 50, hiddenSize: 64 } as Parameters<typeof studentParameters>[0];
  expect(studentParameters(teacher, 4)).toBe(700);
  // Half as wide: half of the tables of 500, and a quarter of each layer.
  expect(studentParameters(teacher, 4, 32)).toBe(300);
});

it('problems are told in a person\'s words, at the field they belong to', () => {
  const problem = (field: string, message: string): Finding => ({ code: 'recipe', level: 'problem', field, message });
  const recipe = { train: { batchSize: 'many', learningRate: -1 }, data: { train: '/data/a.csv' } };
  const told = friendly([
    problem('student', 'Invalid input: expected object, received undefined'),
    problem('train.batchSize', 'Invalid input: expected number, received string'),
    problem('train.learningRate', 'Too small: expected number to be >0'),
    problem('', '/data/a.csv row 3: the column "x" has no value.'),
    problem('', 'Something else.'),
    { ...problem('method.reward', 'method.reward is missing: the method "rl-gkd" needs something that values a completion.'), hint: 'Add "reward": { "kind": "exact" }.' },
  ], recipe);
  expect(told.map(({ field, message }) => `${field}: ${message}`)).toEqual([
    'student.model: No student is chosen.',
    'train.batchSize: "many" does not fit here: a whole number above 0.',
    'train.learningRate: -1 does not fit here: a number above 0.',
    'data.train: /data/a.csv row 3: the column "x" has no value.',
    ': Something else.',
    'method.reward.kind: This method earns a reward with its own text, and none is chosen.',
  ]);
  expect(told.at(-1)).not.toHaveProperty('hint');
});

describe('what is missing', () => {
  it('is named all at once, and once', () => {
    expect(missingIn({}).map(({ field }) => field)).toEqual(['data.train', 'data.prompt', 'teacher.model', 'student.model']);
    expect(missingIn({ data: { train: 'a.jsonl', messages: 'm' }, student: { model: '/s' }, method: { preset: 'sft' } })).toEqual([]);
    const [train] = missingIn({});
    expect(joined([train!], [{ ...train!, message: 'data: Invalid input' }, { code: 'x', level: 'problem', field: '', message: 'all' }]).map(({ message }) => message)).toEqual([train!.message, 'all']);
  });
});

describe('words', () => {
  it('say what uses the files', () => {
    const use = { runs: [{ id: 'a', name: 'a', isGoing: true }, { id: 'b', name: 'b', isGoing: false }], drafts: [{ id: 'd', title: 'd' }], inspections: 1, comparisons: 0, exports: 0, bytes: 1 };
    expect(useWords(use)).toBe('Used by 2 runs (one is going), 1 inspection, 1 draft.');
    expect(isUsed({ ...use, runs: [], drafts: [], inspections: 0 })).toBe(false);
  });
  it('name a dropped file by its name, and end with a full stop', () => {
    expect(withNames('/tmp/home/uploads/0123456789ab/a.pdf is none')).toBe('a.pdf is none');
    expect([isDropped('/tmp/home/uploads/0123456789ab/a.pdf'), isDropped('/home/uploads/a.pdf')]).toEqual([true, false]);
    expect(['there is none', 'It is so.', 'train.jsonl row 1'].map(fullStop)).toEqual(['There is none.', 'It is so.', 'train.jsonl row 1.']);
  });
});

describe('a chat template', () => {
  it('is asked for the switches of its own', () => {
    expect(templateVariables('{%- if tools %}x{% endif %}{% for m in messages %}{% if m.thinking is defined %}y{% endif %}{% endfor %}'
      + '{%- if enable_thinking is defined and enable_thinking is false %}z{% endif %}')).toEqual(['enable_thinking']);
    expect(templateVariables("{% if not date_string is defined %}{% set date_string = '26 Jul' %}{% endif %}{% set ns = namespace(a=1) %}{% if ns.a and custom_tools %}{{ 'if fake is defined' }}{% endif %}"))
      .toEqual(['date_string', 'custom_tools']);
    expect(templateVariables("{{ reasoning_effort|default('medium') }}{% macro f(x, y=2) %}{% if x %}{{ y }}{% endif %}{% endmacro %}")).toEqual(['reasoning_effort']);
  });
});

describe('a message', () => {
  it('calls fields as the wizard does, and files by their names', () => {
    expect(readable('data.maxPromptTokens and train.jsonl are too long')).toBe('“Max prompt tokens” and train.jsonl are too long.');
    expect(readable('/a/data.train/x row 1')).toBe('/a/data.train/x row 1.');
  });
});

describe('what is trained', () => {
  it('is an adapter that the recipe says in full, and everything where it says nothing', () => {
    const begin = Object.entries(BEGIN).reduce<UnfinishedRecipe>((recipe, [path, value]) => withValue(recipe, path, value), { student: { model: 's' } });
    expect([hasAdapter({ student: { model: 's' } }), hasAdapter(begin)]).toEqual([false, true]);
    // What differs from the defaults is a recipe of its own: it must still have the adapter.
    expect(differences(begin).map(({ path }) => path)).toContain('student.adapter.alpha');
    const whole = Object.entries(WHOLE).reduce((recipe, [path, value]) => withValue(recipe, path, value), withValue(begin, 'student.precision', 'int8'));
    expect(whole).toEqual({ student: { model: 's' } });
  });

  it('asks how integers are multiplied by only where weights are integers, or a recipe says it already', () => {
    expect([{}, { precision: 'fp16' }, { precision: 'int8' }, { precision: 'int4' }, { precision: 'fp32', products: 'fast' }].map((student) => asksProducts({ student }, 'student')))
      .toEqual([false, false, true, true, true]);
    // What a wizard leaves out is exact.
    expect(standardOf('gkd', 'teacher.products')).toBe('exact');
  });

  it('reads the matrices as a person writes them', () => {
    expect(['q_proj, v_proj', 'all-linear', ' , '].map(targetsOf)).toEqual([['q_proj', 'v_proj'], undefined, undefined]);
    expect([['q_proj', 'v_proj'], 'all-linear', undefined].map(targetsText)).toEqual(['q_proj, v_proj', '', '']);
  });
});
