import type { Departure, Reproduction } from '../../contract/reproduction.ts';
import { here } from '../export/provenance.ts';

/** In what this program and machine are not those that made an export, and what its run is known for; in sentences. */
export function departuresOf({ run, retort, onnxruntime, platform, processor }: Reproduction, isServed: boolean): Departure[] {
  const now = here();
  const told = (about: string, message: string): Departure => ({ about, message, isDecisive: false });
  return [
    ...(retort === now.retort ? [] : [told('retort', `It was made by Retort ${retort}, and this is Retort ${now.retort}: what changed between them may change the weights.`)]),
    ...(onnxruntime === now.onnxruntime ? [] : [told('onnxruntime', `It was computed by ONNX Runtime ${onnxruntime}, and this one is ${now.onnxruntime}: the last bits of the numbers may differ.`)]),
    ...(platform === now.platform && processor === now.processor ? [] : [told('processor', `It was computed on ${processor} (${platform}), and this is ${now.processor} (${now.platform}): the last bits of the numbers may differ.`)]),
    ...(run && run.step > 0 && run.threads === null ? [told('threads', 'How many threads computed it was not noted, and the last bits of the numbers depend on them.')] : []),
    ...(isServed ? [told('teacher', 'Its teacher answers behind a server, and nothing says that it answers as it did.')] : []),
    ...(run?.remarks ?? []).map((remark) => told('run', `In the run that made it: ${remark}`)),
  ];
}
