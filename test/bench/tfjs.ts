/**
 * What a training step costs with TensorFlow.js and with ONNX Runtime on the processor, by turns.
 *
 *     RETORT_PEERS=FOLDER npm run bench:tfjs [ROUNDS]
 *
 * Both train the same student on the same texts and teacher; the time is that of the processor, by all threads, so that
 * RETORT_THREADS=1 gives numbers which do not depend on what else the machine does. Prints a table.
 */
import { layOut, type MicroBatch } from '../../src-main/distill/batch.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import type { LossSettings } from '../../src-main/distill/student.ts';
import type { TeacherView } from '../../src-main/distill/learner.ts';
import { executorFor } from '../../src-main/model/load-model.ts';
import { buildDecoder } from '../../src-main/nn/build.ts';
import type { LlamaConfig } from '../../src-main/nn/families/llama.ts';
import { randomWeights, tinyLlama } from '../support/tiny-models.ts';
import { residentStudent, tinyStudent, type TestStudent } from '../support/tiny-student.ts';

interface Size { name: string; config: LlamaConfig; batch: number; length: number }

const heads = (layers: number, count: number, intermediateSize: number, vocabSize: number): LlamaConfig => tinyLlama({
  vocabSize, hiddenSize: 64 * count, layers, heads: count, kvHeads: count, headDim: 64, intermediateSize, windows: Array<null>(layers).fill(null),
});
/** A student made for tests has room for the embedding's gradients of 512 tokens. */
const SIZES: readonly Size[] = [
  { name: '1M', config: heads(4, 2, 344, 1000), batch: 8, length: 64 },
  { name: '14M', config: heads(6, 6, 1024, 8192), batch: 4, length: 128 },
];

interface Peer { made: TestStudent; seen: TeacherView; times: number[]; losses: number[] }

async function step({ made, seen, losses }: Peer, batch: MicroBatch, at: number): Promise<number> {
  const started = process.cpuUsage();
  losses.push((await made.student.learn(batch, seen, at, 1)).loss);
  await made.optimizer.apply({ step: at, learningRate: 1e-3, clipNorm: 1 });
  await made.student.updated();
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1000;
}

async function measure({ name, config, batch: rows, length }: Size, rounds: number): Promise<void> {
  const texts = Array.from({ length: rows }, (_, index) => {
    const ids = Int32Array.from({ length: length / 2 }, (__, at) => (index * 31 + at * 7) % config.vocabSize);
    return { index, prompt: ids, completion: ids.map((id) => (id + 1) % config.vocabSize), isOnPolicy: false };
  });
  const [batch] = layOut(texts, rows, 'token', null) as [MicroBatch];
  const weights = randomWeights(config, 3, 0.03);
  const settings: LossSettings = {
    method: { divergence: 'jsd', beta: 0.5, normalizeBeta: false, lossTemperature: 1 }, sharedVocabulary: config.vocabSize, chunk: Math.max(32, Math.floor(2 ** 22 / config.vocabSize)),
  };
  const teacher = new FrozenModel(executorFor('cpu'), buildDecoder(config), randomWeights(config, 4, 0.03));
  const seen = { hidden: await teacher.hidden(batch), head: teacher };
  const peers: Record<'ONNX Runtime' | 'TensorFlow.js', Peer> = {
    'ONNX Runtime': { made: tinyStudent(executorFor('cpu'), config, weights, settings), seen, times: [], losses: [] },
    'TensorFlow.js': { made: await residentStudent(executorFor('tfjs'), config, weights, settings), seen, times: [], losses: [] },
  };
  for (let at = 1; at <= rounds + 2; at++) {
    const order = Object.values(peers);
    for (const peer of at % 2 === 0 ? order : order.reverse()) {
      const ms = await step(peer, batch, at);
      // The first make programs and memory.
      if (at > 2) peer.times.push(ms);
    }
  }
  const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;
  const [ort, tfjs] = Object.values(peers).map(({ times }) => median(times)) as [number, number];
  const last = Object.values(peers).map(({ losses }) => losses.at(-1)!.toFixed(6));
  console.log(`| ${name}, ${rows} x ${length} tokens | ${ort.toFixed(0)} ms | ${tfjs.toFixed(0)} ms | ${(tfjs / ort).toFixed(1)} | ${last.join(', ')} |`);
}

console.log('| step | ONNX Runtime | TensorFlow.js | times | last loss |\n|---|---:|---:|---:|---|');
for (const size of SIZES) await measure(size, Number(process.argv[2] ?? 9));
process.exit(0);
