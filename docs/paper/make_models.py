"""Makes what the paper in small begins with: its data, tokenizers trained on it, and the configs of teachers and students.

    python make_models.py --data FOLDER --to FOLDER        (pip install tokenizers)

FOLDER holds multi30k.train.jsonl.gz, multi30k.val.jsonl.gz (columns en, de) and aeslc.train.jsonl.gz, aeslc.dev.jsonl.gz (columns email, subject).
Weights are made by `retort model init` from what is written here. Unigram's pieces may differ a little each time.
"""
import argparse
import gzip
import json
import random
import shutil
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

VOCABULARY = 4096
T5 = dict(architectures=["T5ForConditionalGeneration"], model_type="t5", is_encoder_decoder=True, vocab_size=VOCABULARY, tie_word_embeddings=True,
          feed_forward_proj="relu", relative_attention_num_buckets=32, relative_attention_max_distance=128,
          pad_token_id=0, eos_token_id=1, decoder_start_token_id=0, initializer_factor=1.0, layer_norm_epsilon=1e-6)
LLAMA = dict(architectures=["LlamaForCausalLM"], model_type="llama", vocab_size=VOCABULARY, tie_word_embeddings=True, rms_norm_eps=1e-5,
             max_position_embeddings=512, bos_token_id=None, eos_token_id=1, pad_token_id=0, initializer_range=0.02, hidden_act="silu")
CONFIGS = {
    "t5-teacher": T5 | dict(d_model=256, d_kv=64, num_heads=4, d_ff=768, num_layers=3, num_decoder_layers=3),
    "t5-student": T5 | dict(d_model=96, d_kv=32, num_heads=3, d_ff=256, num_layers=2, num_decoder_layers=2),
    "llama-teacher": LLAMA | dict(hidden_size=192, intermediate_size=512, num_hidden_layers=4, num_attention_heads=6, num_key_value_heads=6),
    "llama-student": LLAMA | dict(hidden_size=96, intermediate_size=256, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=4),
}
# Of an e-mail the student reads its beginning, which mostly says what it is about.
MAIL_WORDS = 40
# What a model writes a second time to learn how to copy, which fourteen thousand e-mails alone do not teach it.
COPIED_WORDS = 11
SPECIAL = ["<pad>", "</s>", "<unk>"]


def rows(path):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def mails(path):
    """E-mails by their first words, with their subjects."""
    return [{"email": " ".join(row["email"].split()[:MAIL_WORDS]), "subject": row["subject"].strip()} for row in rows(path)]


def passages(mails, seed=0):
    """A run of words out of every e-mail that has so many."""
    chance = random.Random(seed)
    for words in (mail["email"].split() for mail in mails):
        if len(words) > COPIED_WORDS:
            start = chance.randrange(len(words) - COPIED_WORDS)
            yield {"text": " ".join(words[start:start + COPIED_WORDS])}


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def unigram(corpus):
    """As T5's: pieces of words that begin with ▁, a closing </s>."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.train_from_iterator(corpus, trainers.UnigramTrainer(vocab_size=VOCABULARY, special_tokens=SPECIAL, unk_token="<unk>"))
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return tokenizer


def byte_level(corpus):
    """As GPT-2's and Llama 3's."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(corpus, trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return tokenizer


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    options = parser.parse_args()
    options.to.mkdir(parents=True, exist_ok=True)
    for part in ("train", "val"):
        shutil.copy(options.data / f"multi30k.{part}.jsonl.gz", options.to)
    pairs = rows(options.data / "multi30k.train.jsonl.gz")
    corpora = {"t5": [row[language] for row in pairs for language in ("en", "de")]}
    for part in ("train", "dev"):
        subjects = mails(options.data / f"aeslc.{part}.jsonl.gz")
        write_lines(options.to / f"subjects.{part}.jsonl", subjects)
        if part == "train":
            write_lines(options.to / "passages.jsonl", passages(subjects))
        corpora.setdefault("llama", [text for row in subjects for text in row.values()])
    for name, train in {"t5": unigram, "llama": byte_level}.items():
        folder = options.to / f"{name}-tokenizer"
        folder.mkdir(exist_ok=True)
        train(corpora[name]).save(str(folder / "tokenizer.json"))
        (folder / "tokenizer_config.json").write_text(json.dumps({
            "tokenizer_class": "PreTrainedTokenizerFast", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>",
            "clean_up_tokenization_spaces": False}, indent=1) + "\n")
    for name, config in CONFIGS.items():
        (options.to / f"{name}.json").write_text(json.dumps(config, indent=1) + "\n")
