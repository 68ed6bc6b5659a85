import { check } from './check.ts';
import { tryDevice } from './try-device.ts';

/** The devices that the run's own models compute on are there: each is tried on a graph of one node. */
export const devices = check('device', ['recipe', 'teacher'], async ({ recipe, teacher }) => {
  for (const device of new Set([recipe.student.device, teacher && recipe.teacher ? recipe.teacher.device : 'cpu'])) await tryDevice(device);
});
