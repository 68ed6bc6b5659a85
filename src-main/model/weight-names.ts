import { Problem } from '../contract/problem.ts';
import type { ModelConfig } from '../nn/config.ts';
import { checkReadable, type StoredTensor } from './weight-files.ts';

const OUTPUT = 'lm_head.weight';

interface Naming {
  /** What stands before the names of the body. */
  prefix: string;
  embedding: string;
  /** The output layer, and what it is called besides. */
  output: string;
  alias: string | null;
  /** What old checkpoints hold besides weights. */
  inert: RegExp;
}

/** As Llama, and most since. */
const USUAL: Naming = { prefix: 'model.', embedding: 'model.embed_tokens.weight', output: OUTPUT, alias: null, inert: /\.rotary_emb\.inv_freq$/ };

const FAMILIES: Readonly<Record<ModelConfig['family'], Naming>> = {
  llama: USUAL, gemma: USUAL, glm: USUAL, gpt_oss: USUAL, granite: USUAL, lfm2: USUAL, ministral: USUAL, olmo: USUAL, phi3: USUAL, qwen3_moe: USUAL, smollm3: USUAL, stablelm: USUAL,
  // The part that guesses further ahead.
  qwen3_5: { ...USUAL, inert: /^mtp\./ },
  // The causal masks, once saved with every layer, and the frequencies.
  gpt_neox: {
    prefix: 'gpt_neox.', embedding: 'gpt_neox.embed_in.weight', output: 'embed_out.weight', alias: OUTPUT,
    inert: /\.attention\.(bias|masked_bias|rotary_emb\.inv_freq)$/,
  },
  // The causal masks, once saved with every layer.
  gpt2: { prefix: 'transformer.', embedding: 'transformer.wte.weight', output: OUTPUT, alias: null, inert: /\.attn\.(bias|masked_bias)$/ },
  // The embedding, once saved again for each stack, and a bias that no layer reads.
  t5: { prefix: '', embedding: 'shared.weight', output: OUTPUT, alias: null, inert: /^((en|de)coder\.embed_tokens\.weight|.*EncDecAttention\.relative_attention_bias\.weight)$/ },
};


/** Before the names of a language model within one that reads pictures as well, as Transformers 5 and 4 write it. */
const WRAPPED = /^(model\.language_model\.|language_model\.model\.|language_model\.(?=lm_head\.))/;
/** What such a model has besides. */
const PICTURES = /^(model\.)?(vision_tower|vision_model|visual|multi_modal_projector)\./;

/** Whether a stored name is that of the output layer. */
export const isOutput = (name: string): boolean => name.replace(WRAPPED, '') === OUTPUT;

/**
 * Maps the names that `nn/` uses to what a folder stores: with or without the body's prefix, tied output layers once or
 * twice, old buffers left out; of a model that reads pictures as well (`isWrapped`), those of its language model. Throws a `Problem` for formats that cannot be read and for a contradiction in tying.
 */
export async function resolveNames(config: ModelConfig, stored: readonly StoredTensor[], isWrapped = false): Promise<Map<string, StoredTensor>> {
  const { prefix, embedding, output: own, alias, inert } = FAMILIES[config.family];
  const tensors = new Map<string, StoredTensor>();
  for (const tensor of stored) {
    if (inert.test(tensor.info.name) || (isWrapped && PICTURES.test(tensor.info.name))) continue;
    checkReadable(tensor);
    const name = isWrapped ? tensor.info.name.replace(WRAPPED, '') : tensor.info.name;
    const full = name === alias ? own : name === own || name.startsWith(prefix) ? name : prefix + name;
    const other = tensors.get(full);
    if (other) throw new Problem(`${tensor.file.path}: ${name} is there twice, also as ${other.info.name} in ${other.file.path}`);
    tensors.set(full, tensor);
  }
  const output = tensors.get(own);
  if (config.tiedEmbeddings && output) {
    const input = tensors.get(embedding);
    if (!input) tensors.set(embedding, output);
    else if (!await areEqual(input, output)) {
      throw new Problem(`${output.file.path}: ${own} differs from ${embedding}, although the config ties them`, {
        hint: 'Set tie_word_embeddings to false in config.json.',
      });
    }
    tensors.delete(own);
  }
  return tensors;
}

/**
 * Of T5 and its kin only the weights say whether the output layer is the embedding: Transformers 5 writes
 * `tie_word_embeddings` as true for v1.1, Flan-T5, mT5 and umT5 as well, beside an output layer of its own.
 */
export function withTying(config: ModelConfig, stored: readonly StoredTensor[]): ModelConfig {
  if (config.family !== 't5' || (config.modelType === 't5' && config.scalesOutput)) return config;
  return { ...config, tiedEmbeddings: !stored.some(({ info }) => info.name === OUTPUT) };
}

async function areEqual(left: StoredTensor, right: StoredTensor): Promise<boolean> {
  if (left.info.shape.join() !== right.info.shape.join()) return false;
  const others = right.file.pieces(right.info.name);
  try {
    for await (const piece of left.file.pieces(left.info.name)) {
      const other = await others.next();
      if (other.done || piece.some((value, at) => value !== other.value[at])) return false;
    }
    return true;
  } finally {
    await others.return(undefined);
  }
}
