import type { CallInput, CallName, CallResult } from '../../src-main/contract/api/api.ts';
import type { PreloadBridge } from '../../src-main/contract/api/bridge.ts';
import type { ConsentQuestions } from './consent.svelte.ts';
import type { FeedMessage } from '../../src-main/contract/api/feed.ts';

/** What only a window of the desktop can do. */
export type NativeActions = Pick<PreloadBridge, 'platform' | 'chooseFile' | 'pathOf' | 'reveal' | 'onMenu' | 'onOpenFile' | 'onShowRun'>;

/** Said of a call that no answer came to: no longer true once the connection is back. */
export const NO_ANSWER = 'Retort does not answer.';

/** `silent`: it has ended, or the way to it is cut. `stranger`: it answers, and does not know this browser. */
export type Cut = 'silent' | 'stranger';

/** The way from the interface to the program, whichever door it came through. */
export interface Bridge {
  readonly kind: 'electron' | 'browser';
  /** Why the program cannot be heard; null while it can. */
  readonly cut: Cut | null;
  /** What the person is asked to allow; null where the program asks by itself. */
  readonly consent: ConsentQuestions | null;
  /** @throws Problem */
  call<Name extends CallName>(name: Name, params: CallInput<Name>): Promise<CallResult<Name>>;
  /** @returns ends the subscription */
  subscribe(listener: (message: FeedMessage) => void): () => void;
  /** Null in a browser. */
  readonly native: NativeActions | null;
  /** Brings a file to the machine the program runs on. @param onShare  told the share that is there @returns the path of the copy there */
  upload(file: File, onShare: (share: number) => void): Promise<string>;
}
