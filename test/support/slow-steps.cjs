/**
 * Loaded before a program (`NODE_OPTIONS=--require`): for as long as there is the file that RETORT_TEST_SLOW names, each step of a
 * run behind the one that the file has in it takes a second more. So whoever wants to cut a run off behind that step finds it
 * going, however late it looks.
 */
const { readFileSync } = require('node:fs');

const file = process.env.RETORT_TEST_SLOW;
/** The file may go, or be just being written, at the very moment of a look. */
const slowBehind = () => {
  try {
    return Number(readFileSync(file, 'utf8') || Infinity);
  } catch {
    return Infinity;
  }
};
// The computing process has a channel to its program: a Node child's, or that of a utility process of Electron.
const [port, name] = process.parentPort ? [process.parentPort, 'postMessage'] : [process, 'send'];
if (file && port[name]) {
  const send = port[name].bind(port);
  port[name] = (message, ...rest) => {
    const { event } = message ?? {};
    if (event?.event === 'step' && event.step > slowBehind()) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
    return send(message, ...rest);
  };
}
