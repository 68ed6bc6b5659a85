/**
 * Loaded before a program (`NODE_OPTIONS=--import`): ends its computing process and the program with SIGKILL at the very
 * place that RETORT_TEST_KILL names, which no busy machine can miss.
 *
 *     step 6                the sixth step is made, and nobody has been told of it
 *     step 6 2              the same in the second run of a study, or the second time
 *     evaluation 6          it is evaluated, and nobody has been told of it; so with `checkpoint 6`
 *     phase teacher-states 5   five texts have been kept, and nobody has been told of it
 *     write .states 4       the fourth write to a file of that ending is half done
 */
import process from 'node:process';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const place = process.env.RETORT_TEST_KILL;
// The program starts its computing process with a channel to itself; only that process is watched.
if (place && process.send) watch(...place.split(' '));

function watch(kind, ...at) {
  if (kind === 'write') return watchWrites(at[0], Number(at[1]));
  const send = process.send.bind(process);
  let left = kind === 'phase' ? 1 : Number(at[1] ?? 1);
  process.send = (message, ...rest) => {
    const { event } = message ?? {};
    const isThere = kind === 'phase' ? event?.event === 'phase' && event.phase === at[0] && event.done === Number(at[1])
      : event?.event === kind && event.step === Number(at[0]);
    if (isThere && --left === 0) end();
    return send(message, ...rest);
  };
}

function watchWrites(ending, count) {
  const open = promises.open;
  let writes = 0;
  promises.open = async (path, ...rest) => {
    const file = await open(path, ...rest);
    if (!String(path).endsWith(ending)) return file;
    const write = file.write.bind(file);
    file.write = async (bytes, offset, length, position) => {
      writes += 1;
      if (writes < count) return write(bytes, offset, length, position);
      await write(bytes, offset, length >> 1, position);
      return end();
    };
    return file;
  };
  syncBuiltinESMExports();
}

function end() {
  process.kill(process.ppid, 'SIGKILL');
  process.kill(process.pid, 'SIGKILL');
}
