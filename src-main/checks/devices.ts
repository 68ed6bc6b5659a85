import { check } from './check.ts';
import { tryDevice } from './try-device.ts';

/** The devices that the run's own models compute on are there, and multiply as the recipe asks: each is tried on a small product. */
export const devices = check('device', ['recipe', 'teacher'], async ({ recipe, teacher }) => {
  const { student, train } = recipe;
  await tryDevice(student.device, train.compute);
  if (teacher && recipe.teacher && recipe.teacher.device !== student.device) await tryDevice(recipe.teacher.device);
});
