import { writeOnnx, type OnnxGraph, type WriteOptions } from '../graph/onnx/write.ts';
import { add, exp, mul, sub } from '../graph/ops/elementwise.ts';
import { gatherElements } from '../graph/ops/gather.ts';
import { reshape } from '../graph/ops/layout.ts';
import { logSoftmax } from '../graph/ops/softmax.ts';
import { Graph, type Value } from '../graph/value.ts';
import { sampleRows } from './sample.ts';

/**
 * A token drawn from two models at once, share p_T + (1 - share) p_S.
 *
 * Inputs: student and teacher (logits [batch, vocabulary]), share [], uniform [batch, 1].
 * Outputs: next [batch] (int32), and its log-probability by each model alone, student_logprob and teacher_logprob [batch].
 */
export function mixedChoiceGraph(vocabulary: number, dialect: WriteOptions['dialect'] = 'onnxruntime'): OnnxGraph {
  const graph = new Graph();
  const [student, teacher] = (['student', 'teacher'] as const).map((name) => logSoftmax(graph.input(name, 'float32', ['batch', vocabulary]))) as [Value, Value];
  const share = graph.input('share', 'float32', []);
  const mixture = add(mul(exp(teacher), share), mul(exp(student), sub(graph.scalar(1), share)));
  const next = sampleRows(mixture, graph.input('uniform', 'float32', ['batch', 1]));
  const logprob = (of: Value): Value => reshape(gatherElements(of, reshape(next, ['batch', 1])), ['batch']);
  return writeOnnx({ next, student_logprob: logprob(student), teacher_logprob: logprob(teacher) }, { weights: 'inputs', dialect });
}
