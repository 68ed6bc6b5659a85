import type { CallInput, CallName, CallResult } from '../../src-main/contract/api/api.ts';
import type { PreloadBridge } from '../../src-main/contract/api/bridge.ts';
import { fromReport } from '../../src-main/contract/problem.ts';
import type { Bridge } from './bridge.ts';

declare global {
  interface Window { readonly retort?: PreloadBridge }
}

export function electronBridge(preload: PreloadBridge): Bridge {
  return {
    kind: 'electron',
    consent: null,
    // A window does not outlive its program.
    cut: null,
    async call<Name extends CallName>(name: Name, params: CallInput<Name>): Promise<CallResult<Name>> {
      const answer = await preload.call(name, params);
      if (!answer.ok) throw fromReport(answer.error);
      return answer.result as CallResult<Name>;
    },
    subscribe: (listener) => preload.subscribe(listener),
    native: preload,
    // The file is on this machine already.
    upload: async (file) => preload.pathOf(file),
  };
}
