import { Problem } from '../../contract/problem.ts';

const HINT = 'Export the model again, or bring a whole copy of it.';

/** Why a file is no ONNX model that runs here, in one sentence; ONNX Runtime's own words name lines of its sources. */
export function openFailure(path: string, cause: unknown): Problem {
  const told = cause instanceof Error ? cause.message : String(cause);
  if (/IR version|opset/i.test(told)) {
    return new Problem(`${path} is written in a version of ONNX that ONNX Runtime does not read here.`, { hint: 'Export it again with an older opset.', cause });
  }
  if (/external|initializer data|model_path|cannot (get|find) file/i.test(told)) {
    return new Problem(`${path} keeps its weights in another file, which is missing or cut off.`, { hint: 'Put the files that were exported with it beside it.', cause });
  }
  if (/parsing failed|ModelProto|does not have a graph/i.test(told)) return new Problem(`${path} is no ONNX model, or is cut off.`, { hint: HINT, cause });
  return new Problem(`${path} is damaged, or needs what ONNX Runtime does not have here.`, { hint: HINT, cause });
}
