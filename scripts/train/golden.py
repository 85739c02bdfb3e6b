"""Golden files for the C tests: tiny random models, traces, and tokenisation.

What: `python golden.py OUT_DIR` -> tiny.spm, tiny-bpe.spm, spm-*.jsonl, MODEL.bin and
MODEL.trace.bin of every model in CONFIGS (see README.md).
What not: no trained weights.
Who calls: by hand, when the semantics or the traced tensors change.
"""

import argparse
import json
import os
import random
import tempfile
from pathlib import Path

import numpy as np
import sentencepiece as spm
import torch

import rnn
from decode import EOS, MAX_LENGTH_FACTOR, UNK
from marian import make_model, save_model, write_items
from model import Config
from vocab import train_vocab

VOCAB = 304  # 256 bytes, EOS, UNK and a few pieces of our own text
MAX_STEPS = 8

CONFIGS = {
    "transformer-ssru": Config(VOCAB, dim=24, ffn=32, heads=3, encoder_layers=2, decoder_layers=2, decoder="ssru"),
    "transformer-selfattn": Config(VOCAB, dim=16, ffn=24, heads=2, encoder_layers=1, decoder_layers=2, decoder="selfattn"),
    "bahdanau": rnn.Config(VOCAB, dim=8, units=16, arch="bahdanau"),
    "rnn": rnn.Config(VOCAB, dim=8, units=16, arch="rnn"),
}
# Sentences and steps of the traces; the logits take most of the room.
TRACED = {"bahdanau": (2, 3), "rnn": (2, 3)}

SENTENCES = ["The cat sees the house.", "a b", "Das Haus — 12 Ähren!"]

# Grammar of the text that the tiny vocabularies learn from.
WORDS = {
    "en": ("the a this that", "old new red small", "cat dog house tree river word", "sees has finds reads"),
    "de": ("der die das ein", "alte neue rote kleine", "Katze Hund Haus Baum Fluss Wörter", "sieht hat findet liest"),
}

TRICKY = [
    "", " ", "   ", "a", " a ", "a  b", "\t", "a\tb", "a\nb", "a\r\nb", "Hello, world!", "the cat", "the  cat ",
    "The house has a door.", "Der alte Baum sieht die Katze.", "Wörter: äöüÄÖÜß", "a\u0308o\u0308u\u0308",
    "e\u0301 \u00e9", "ﬁnd ﬂow ﬀ", "① ② ⑳ Ⅳ", "ＡＢＣ１２３", "ｶﾞ ガ", "x² H₂O ½", "… ‥ ․", "™ ℃ №", "\u00a0nbsp\u00a0",
    "zero\u200bwidth", "soft\u00adhyphen", "\ufeffbom", "joiner\u200dhere", "thin\u2009space\u3000wide",
    "😀", "👨‍👩‍👧", "🇩🇪 flag", "❤️", "日本語のテスト", "한국어", "Русский язык", "ελληνικά", "עברית",
    "العربية", "हिन्दी", "\U00010348", "▁", "a▁b", "▁▁a", "<unk> </s> <s>", "<0x41>", "a<0x0A>b",
    "`Array.prototype.map()`", "https://example.org/a?b=c&d=%20#e", "user@example.org", "C:\\path\\file",
    "1,234.56", "100%", "--flag=value", "don't", "“quoted” ‘single’ „deutsch“", "ALL CAPS", "camelCaseWord",
    "Donaudampfschifffahrtsgesellschaftskapitän", "x" * 70, "ha" * 40, "\u0001\u0002", "a\u007fb", "\ufffd",
    "ẞ ŉ ǆ", "İi ıI", "क्षि", "\u1e9b\u0323", "한", "\u0344", "¨ ´ ¸", "a\u0300\u0316b",
]


def tiny_text(seed, count=400):
    """Sentences of a toy grammar, alternately in English and German."""
    rng = random.Random(seed)
    out = []
    for number in range(count):
        article, adjective, noun, verb = (w.split() for w in WORDS[("en", "de")[number % 2]])
        pick = rng.choice
        text = f"{pick(article)} {pick(adjective)} {pick(noun)} {pick(verb)} {pick(article)} {pick(noun)}."
        out.append(text[0].upper() + text[1:])
    return out


def write_vocab(path, model_type, size, **options):
    """Trains a tiny vocabulary into PATH."""
    with tempfile.TemporaryDirectory() as folder:
        train_vocab(tiny_text(1), f"{folder}/v", size, model_type, coverage=1.0, required="äöü", **options)
        os.replace(f"{folder}/v.model", path)


def write_tokenisation(vocab_path, out_path, texts):
    """JSON lines {text, ids, pieces, begin, end, decoded}; offsets are bytes of text."""
    vocab = spm.SentencePieceProcessor(str(vocab_path))
    with open(out_path, "w", encoding="utf-8") as out:
        for text in texts:
            pieces = vocab.encode(text, return_type="proto").pieces
            ids = [p.id for p in pieces]
            record = {"text": text, "ids": ids, "pieces": [p.piece for p in pieces],
                      "begin": [p.begin for p in pieces], "end": [p.end for p in pieces],
                      "decoded": vocab.decode(ids)}
            out.write(json.dumps(record, ensure_ascii=True) + "\n")


def spread_weights(model, seed):
    """Random weights whose outputs vary: the large decoder FFN drowns the residual
    stream, which would otherwise repeat the previous word for ever."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.weights.items():
            noise = torch.randn(weight.shape, generator=generator)
            if name.endswith("_ln_scale"):
                weight.copy_(1 + 0.2 * noise)
            elif weight.shape[0] == 1:
                weight.copy_((0.8 if name.endswith(("_b", "_bx")) and "logit" not in name else 0.2) * noise)
            elif name == "Wemb":
                weight.copy_(2 * noise * model.config.dim ** -0.5)
            else:
                gain = 4 if "decoder" in name and "_ffn_" in name or "_logit_l1_" in name or name.endswith("U_att") else 1.2
                weight.copy_(gain * noise * (2 / sum(weight.shape)) ** 0.5)


@torch.inference_mode()
def trace_sentence(model, ids, most):
    """Free greedy decoding of one sentence -> [(name, array)] without the batch axis."""
    items, trace = [("ids", np.array(ids, np.float32))], {}
    src = torch.tensor([ids])
    memory, bias = model.encode(src, torch.ones_like(src), trace)
    items += [(name, value[0].numpy()) for name, value in trace.items()]
    state, previous, output = model.start(memory), torch.tensor([-1]), []
    for step in range(min(most, MAX_LENGTH_FACTOR * len(ids))):
        trace = {}
        logits, _ = model.step(previous, state, bias, trace)
        for name, value in trace.items():
            # Layers: [D]. Attention: [H,S], head by head.
            items.append((f"step{step}.{name}", value[0].squeeze(-2).numpy()))
        items.append((f"step{step}.logits", logits[0].numpy().copy()))
        logits[:, UNK] = -torch.inf
        previous = logits.argmax(1)
        output.append(int(previous))
        if output[-1] == EOS:
            break
    return [*items, ("output", np.array(output, np.float32))]


def write_model(out, name, config, vocab, seed):
    """Writes NAME.bin and its trace; item names are s<sentence>.<tensor>."""
    model = make_model(config).eval()
    sentences, steps = TRACED.get(name, (len(SENTENCES), MAX_STEPS))
    spread_weights(model, seed)
    save_model(out / f"{name}.bin", config, model.weights)
    items = []
    for index, text in enumerate(SENTENCES[:sentences]):
        traced = trace_sentence(model, vocab.encode(text) + [EOS], steps)
        print(name, index, dict(traced)["ids"].astype(int).tolist(), "->", dict(traced)["output"].astype(int).tolist())
        items += [(f"s{index}.{key}", value) for key, value in traced]
    write_items(out / f"{name}.trace.bin", items)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for model_type, stem, size, rule in (("unigram", "tiny", VOCAB, "nmt_nfkc"), ("bpe", "tiny-bpe", 320, "identity")):
        write_vocab(args.out / f"{stem}.spm", model_type, size, normaliser=rule)
        write_tokenisation(args.out / f"{stem}.spm", args.out / f"spm-{stem}.jsonl", TRICKY)
    vocab = spm.SentencePieceProcessor(str(args.out / "tiny.spm"))
    for offset, (name, config) in enumerate(CONFIGS.items()):
        write_model(args.out, name, config, vocab, args.seed + offset)


if __name__ == "__main__":
    main()
