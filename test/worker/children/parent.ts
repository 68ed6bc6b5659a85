import { childHost } from '../../../src-main/worker/child-host.ts';
import { TSX, child, toyCommands } from '../toy.ts';

// A program with a worker; the test kills it without a warning. Without a folder the worker stays idle.
const [, , folder] = process.argv;
const host = childHost(child('toy'), toyCommands, { execArgv: TSX });
if (folder) {
  await host.request('hold', { folder, stepMs: 50 }, { onEvent: ({ pid }) => process.send?.(pid) });
} else {
  const idle = await host.request('pid', null);
  process.send?.(idle);
}
