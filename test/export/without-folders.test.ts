import { expect, it } from 'vitest';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';
import { withoutFolders } from '../../src-main/export/without-folders.ts';
import { parseRecipe } from '../../src-main/service/recipe/recipe-file.ts';

it('cuts the folders of every reward, a stage\'s among them, and no text that looks like a path', () => {
  const reward: NonNullable<NonNullable<RecipeInput['method']>['reward']> = { kind: 'command', command: ['/home/me/bin/python', '/home/me/judge.py', '--strict'], directory: '/home/me/work' };
  const input: RecipeInput = {
    name: 'cut', teacher: { model: '/home/me/teacher' }, student: { model: '/home/me/student' },
    data: { train: '/home/me/train.jsonl', prompt: '/solve {{question}}', completion: '{{solution}}' }, train: { steps: 2, batchSize: 2 },
    method: { preset: 'rl-gkd', reward },
    stages: [{ name: 'first', method: { preset: 'sft' } }, { name: 'judged', method: { preset: 'rl-gkd', reward } }],
  };
  const cut = withoutFolders(parseRecipe(input, 'The recipe'));
  expect(JSON.stringify(cut)).not.toContain('/home/me');
  expect(cut.data.prompt).toBe('/solve {{question}}');
  expect(cut.stages![1]!.method!.reward).toMatchObject({ command: ['python', 'judge.py', '--strict'], directory: 'work' });
});
