import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tokenizerFiles } from '../../resources/sample/tokenizer.ts';
import { initModel } from '../../src-main/model/init.ts';

/**
 * Makes the teacher of vllm.test.ts, whose heads vLLM's attention on a CPU takes: `tsx test/parity/vllm-model.ts FOLDER`. Then
 * `vllm serve FOLDER --port 8123 --dtype float32 --max-model-len 256 --enforce-eager --max-logprobs 50`.
 */
const to = process.argv[2]!;
const aside = await mkdtemp(join(tmpdir(), 'retort-vllm-model-'));
await mkdir(join(aside, 'tokenizer'));
for (const [name, content] of Object.entries(tokenizerFiles())) await writeFile(join(aside, 'tokenizer', name), JSON.stringify(content));
await writeFile(join(aside, 'config.json'), JSON.stringify({
  architectures: ['LlamaForCausalLM'], model_type: 'llama', vocab_size: 17, hidden_size: 128, intermediate_size: 256, num_hidden_layers: 2, num_attention_heads: 2,
  num_key_value_heads: 2, head_dim: 64, max_position_embeddings: 256, rms_norm_eps: 1e-5, rope_theta: 10000, tie_word_embeddings: true, hidden_act: 'silu', bos_token_id: 0, eos_token_id: 1, initializer_range: 0.2,
}));
await initModel({ config: join(aside, 'config.json'), tokenizer: join(aside, 'tokenizer'), to, seed: 1 });
await rm(aside, { recursive: true });
