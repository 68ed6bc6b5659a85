import { choiceOf } from '../../decode/choose.ts';
import type { Completion, Prompt } from '../../decode/writing.ts';
import type { Sampling } from '../../decode/sampling.ts';
import { TextPlan } from '../../decode/text-writer.ts';
import { layOut } from '../../distill/batch.ts';
import { FrozenModel } from '../../distill/frozen-model.ts';
import type { ParityText } from '../../export/parity.ts';
import { writeOnnx } from '../../graph/onnx/write.ts';
import { Graph } from '../../graph/value.ts';
import type { Program } from '../../runtime/program.ts';
import { float32 } from '../../runtime/tensor.ts';
import { asInputs, type Weights } from '../../runtime/weights.ts';
import { executorFor, type Model } from '../../model/load-model.ts';

/** The model as it was trained, by the graphs that training uses: what an export is measured against. */
export class TrainedModel {
  readonly model: Model;
  readonly weights: Weights;
  /** Ids below this may be written. */
  readonly vocabulary: number;
  private readonly frozen: FrozenModel;
  private output: Program | undefined;

  constructor(model: Model, weights: Weights) {
    this.model = model;
    this.weights = weights;
    this.vocabulary = Math.min(model.decoder.vocabSize, model.tokenizer.vocabularySize);
    this.frozen = new FrozenModel(executorFor('cpu'), model.decoder, weights);
  }

  /** Logits that tell each token of a completion, [length, vocabulary]. */
  async logits({ prompt, completion }: ParityText): Promise<Float32Array> {
    const { decoder } = this.model;
    const [batch] = layOut([{ index: 0, isOnPolicy: false, prompt, completion }], 1, 'token', decoder.encoder);
    const states = (await this.frozen.hidden(batch!)).data as Float32Array;
    const output = this.output ??= await this.outputLayer();
    const hidden = float32(states.subarray(0, completion.length * decoder.hiddenSize), [completion.length, decoder.hiddenSize]);
    const { logits } = await output.run({ hidden, ...asInputs(this.weights, output.graph.parameters) });
    return logits!.data as Float32Array;
  }

  async write(prompts: readonly Prompt[], newTokens: number, sampling: Sampling, signal: AbortSignal): Promise<Completion[]> {
    const longest = Math.max(...prompts.map(({ tokens }) => tokens.length));
    const writer = await new TextPlan(executorFor('cpu'), this.model.decoder, this.weights, {
      vocabulary: this.vocabulary, maxLength: longest + newTokens, choice: choiceOf(sampling),
    }).open();
    try {
      return await writer.write(prompts, { maxNewTokens: newTokens, eos: new Set(this.model.tokenizer.eosIds), sampling, signal });
    } finally {
      await writer.release();
    }
  }

  async release(): Promise<void> {
    await this.output?.release();
    await this.frozen.release();
  }

  private outputLayer(): Promise<Program> {
    const { decoder } = this.model;
    const hidden = new Graph().input('hidden', 'float32', ['rows', decoder.hiddenSize]);
    return executorFor('cpu').compile(writeOnnx({ logits: decoder.logits(hidden) }, { weights: 'inputs' }), { optimize: 'none' });
  }
}
