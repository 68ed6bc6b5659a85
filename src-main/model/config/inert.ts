/**
 * Fields of `config.json` that say nothing about what a decoder computes for given ids: names, dropout (training in
 * Retort has none), ids of special tokens, defaults of generation, labels, heads of other tasks, ways of computing.
 */
export const INERT_FIELDS = [
  'model_type', 'architectures', 'transformers_version', 'transformers.js_config', 'name_or_path', 'torch_dtype', 'dtype',
  'unsloth_fixed', 'unsloth_version', 'is_llama_config', 'auto_map', 'pretrained_model_name_or_path', 'revision', 'adapter_path',
  'initializer_range', 'use_cache', 'cache_implementation', 'use_flash_attention_2', 'use_flash_attn', 'use_sdpa', 'attn_implementation', 'chunk_size_feed_forward', 'torchscript', 'use_bfloat16',
  'gradient_checkpointing', 'gradient_checkpointing_kwargs', 'max_sequence_length', 'model_max_length', 'return_dict', 'output_attentions', 'output_hidden_states', 'is_decoder', 'keys_to_ignore_at_inference',
  'attention_dropout', 'hidden_dropout', 'classifier_dropout', 'resid_pdrop', 'embd_pdrop', 'attn_pdrop',
  'bos_token', 'eos_token', 'pad_token', 'unk_token', 'bos_token_id', 'eos_token_id', 'pad_token_id', 'sep_token_id', 'decoder_start_token_id', 'tokenizer_class', 'prefix', 'unk_token_id', 'mask_token_id', 'add_bos_token', 'add_eos_token', 'chat_template',
  'id2label', 'label2id', 'num_labels', 'problem_type', 'finetuning_task', 'task_specific_params', 'summary_type',
  'summary_use_proj', 'summary_activation', 'summary_proj_to_labels', 'summary_first_dropout', 'summary_last_dropout',
  'max_length', 'min_length', 'do_sample', 'early_stopping', 'num_beams', 'num_beam_groups', 'diversity_penalty', 'temperature',
  'top_k', 'top_p', 'typical_p', 'repetition_penalty', 'length_penalty', 'no_repeat_ngram_size', 'encoder_no_repeat_ngram_size',
  'bad_words_ids', 'num_return_sequences', 'output_scores', 'return_dict_in_generate', 'forced_bos_token_id',
  'forced_eos_token_id', 'remove_invalid_values', 'exponential_decay_length_penalty', 'suppress_tokens',
  'begin_suppress_tokens', 'tf_legacy_loss',
] as const;
