"""Golden files for tests/test_tokenizer.c, made with the real `sentencepiece` package.

What: `python golden_text.py OUT_DIR [VOCAB.spm]` -> OUT_DIR/{unigram,bpe,nofallback,suffix,ties,unused}.spm and
a .tsv beside each; with VOCAB.spm also firefox.tsv, the golden of a vocabulary that is not ours to ship.
What not: no model weights (golden.py).
Who calls: by hand, when the tokeniser learns something new.

Lines of a .tsv, fields split by tabs, text in hex, numbers split by spaces:
    E  text  ids  begins  ends  decoded     encoding; ranges are bytes of the text
    D  decoded  ids  begins  ends           decoding of any ids; ranges are bytes of the decoded text
"""

import argparse
import random
import tempfile
from pathlib import Path

import numpy as np
import sentencepiece as spm
from sentencepiece import sentencepiece_model_pb2 as model_pb2

# A character map of our own, because nmt_nfkc's is 240 kB: ligatures, circled and full-width
# characters, a combining sequence, dropped and space-like characters, one to many with a space.
RULES = [
    ("ﬁ", "fi"), ("ﬂ", "fl"), ("①", "1"), ("ａ", "a"), ("Ａ", "A"), ("！", "!"), ("a\u0308", "ä"), ("u\u0308", "ü"),
    ("e\u0301\u0327", "ȩ\u0301"), ("e\u0301", "é"), ("\u00ad", ""), ("\u200b", " "), ("\t", " "), ("\n", " "), ("\u3000", " "),
    ("\u00a0", " "), ("½", "1⁄2"), ("㈱", "(株)"), ("ﷺ", "صلى الله عليه وسلم"), ("´", " \u0301"), ("™", "TM"), ("…", "..."),
    ("ｶﾞ", "ガ"), ("ｶ", "カ"),
]

SUBJECTS = ("the dog", "a cat", "our neighbour", "der Hund", "die Katze", "das Mädchen", "every function", "jede Funktion")
VERBS = ("sees", "returns", "throws", "finds", "sieht", "wirft", "öffnet", "schließt")
OBJECTS = ("the house", "an exception", "a value", "das Fenster", "die Tür", "den Fehler", "1 file", "100 files")

STRINGS = [
    "", " ", "   ", "\t", "\n \t", "a", " a", "a ", "  a  b  ", "a\tb", "the dog sees the house.", "Der Hund sieht die Tür.",
    "Das Mädchen öffnet 1 file!", "das Ma\u0308dchen", "Tu\u0308r", "e\u0301\u0327e\u0301e", "ﬁnd ﬂow", "①②", "ａＡ！", "½ cup",
    "㈱", "ﷺ", "ﷺﷺﷺ ﷺ", "a\u00adb", "\u00ad", "\u00ada", "a\u00ad", "a\u200bb", "\u200b", "´a", "a ´", "x™", "wait… what",
    "ｶﾞｶ", "a\u3000b\u00a0", "😀", "a😀b", "👨\u200d👩\u200d👧 family", "🇩🇪", "日本語", "Русский", "עברית שלום", "العربية", "क्षि", "𐍈",
    "▁", "▁▁", "a▁b", "a ▁ b", "▁a", "a▁", " ▁ ", "<sep>", "a<sep>b", "<sep> <sep>", "C++ and C#", "C++", "x C+++ y", "New York",
    "New York City", "the New York", "<unk>", "</s>", "<s> <0x41>", "<0x0A>", "\u0000", "a\u0000b", "\u0001\u007f", "\ufffd",
    "\ufeffa",
    "x" * 90, "the" * 30, "dogdogdog cat",
    "Donaudampfschifffahrtsgesellschaftskapitänsmütze", "https://example.org/a?b=c&d=%20#e",
    "Array.prototype.map()", "--flag=value", "a\r\nb", "1,000.50 €", "“quoted” „deutsch“ ‘x’", "ÄÖÜß äöü", "İi ıI", "\U0010ffff",
    "한국어 각",
    "\u0308a", "\u0301", "á̧", "returns returns  returns   returns", "thedogseesthehouse",
]
INVALID = [b"\xff", b"a\xffb", b"\xc3", b"\xc3(", b"a\xe2\x96", b"\xed\xa0\x80", b"\xed\xb0\x80x", b"\xf0\x9f\x98",
           b"\xf5\x80\x80\x80",
           b"\xc0\x80", b"\xe0\x80\x80", b"\x80\x80 \x80", b"\xf4\x90\x80\x80", b"the \xffdog", b"\xff \xff"]

REAL_SENTENCES = """The weather is nice today, but tomorrow it is going to rain.
Das Wetter ist heute schön, aber morgen soll es regnen.
Die Donaudampfschifffahrtsgesellschaft suchte einen Kapitän.
She said: "I don't think so" - and left the room.
„Das glaube ich nicht“, sagte sie und verließ den Raum.
Call Array.prototype.map() with a function.
The method returns undefined if the index is out of range.
Visit https://developer.mozilla.org/en-US/docs/Web/JavaScript for more.
In 2023, 1,234.56 euros were 1.234,56 Euro.
Straße, Größe, Übermut, Ärger, ẞ
ALL CAPS AND camelCase and snake_case and kebab-case
naïve café résumé Ångström
① ② ③ ½ ﬁ ﬂ ™ … ﷺ ＡＢＣ ｶﾞ
日本語のテキスト 中文 한국어
Русский язык и українська мова
שלום עולם مرحبا بالعالم
😀 👍🏽 👨‍👩‍👧 🇩🇪 ❤️
a  b   c\t\td
x^2 + y^2 = z^2 {a: [1, 2, 3]} <br/> && || !=
E-Mail: max.mustermann@example.de, Tel. +49 (0)30 123456
Für §§ 1-3 gilt: Der Käufer trägt die Kosten i. H. v. 5 %.
Zwei Drittel der Befragten gaben an, dass sie zufrieden seien.
The quick brown fox jumps over the lazy dog.
Franz jagt im komplett verwahrlosten Taxi quer durch Bayern.
zero\u200bwidth soft\u00adhyphen \ufeffbom
Don’t you think it’s great? Yes!!! No?! Hm...
ŁódŹ, Příliš žluťoučký kůň úpěl ďábelské ódy
ελληνικά Ωμέγα
हिन्दी क्षि ไทย
a\u0308 o\u0308 u\u0308 e\u0301
Kraftfahrzeughaftpflichtversicherung
internationalisation localization i18n l10n
aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
1234567890123456789012345678901234567890
<sep> <mask> <type:nat> <domain:news> </s> <unk> <s>
▁ ▁▁ a▁b
for (let i = 0; i < n; i++) { sum += a[i]; }
Wir haben am 3. Mai 2021 um 14:30 Uhr einen Termin.
The Mayor's 10-year-old sister-in-law isn't re-elected.
Prof. Dr. med. h.c. Müller-Lüdenscheidt""".split("\n")


def make_vocab(model_type, size, rules=None, **options):
    """A tiny vocabulary: EOS 0, UNK 1, no BOS, no PAD."""
    rng = random.Random(5)
    lines = [f"{rng.choice(SUBJECTS)} {rng.choice(VERBS)} {rng.choice(OBJECTS)}." for _ in range(600)]
    with tempfile.TemporaryDirectory() as folder:
        if rules:
            hex_of = lambda text: " ".join(f"{ord(c):X}" for c in text)
            table = "".join(f"{hex_of(source)}\t{hex_of(target)}\n" for source, target in rules)
            Path(folder, "rules.tsv").write_text(table, encoding="utf-8")
            options["normalization_rule_tsv"] = f"{folder}/rules.tsv"
        else:
            options["normalization_rule_name"] = "identity"
        spm.SentencePieceTrainer.train(
            sentence_iterator=iter(lines), model_prefix=f"{folder}/v", vocab_size=size, model_type=model_type,
            character_coverage=1.0, bos_id=-1, eos_id=0, unk_id=1, pad_id=-1, num_threads=1, minloglevel=2,
            hard_vocab_limit=False, **options)
        model = model_pb2.ModelProto.FromString(Path(folder, "v.model").read_bytes())
    del model.trainer_spec.input[:]
    model.trainer_spec.model_prefix = ""
    model.normalizer_spec.normalization_rule_tsv = ""
    return model


def mark_unused(model, share, seed):
    """Some pieces of more than one character become UNUSED, as restricting a vocabulary does."""
    rng = random.Random(seed)
    for piece in model.pieces:
        if piece.type == piece.NORMAL and len(piece.piece) > 1 and rng.random() < share:
            piece.type = piece.UNUSED
    return model


def make_ties(model):
    """Paths of equal score up to rounding: a longer piece costs what its characters cost, and some
    characters are UNUSED, so that only longer pieces hold them."""
    single = {p.piece: np.float32(p.score) for p in model.pieces if p.type == p.NORMAL and len(p.piece) == 1}
    for piece in model.pieces:
        if piece.type == piece.NORMAL and len(piece.piece) > 1:
            score = np.float32(0)
            for char in piece.piece:
                score += single.get(char, np.float32(-3))
            piece.score = float(score)
        elif piece.piece in ("h", "u"):
            piece.type = piece.UNUSED
    return model


def freeze_test(model):
    """A piece that would join a user-defined symbol to its neighbour, which must not happen."""
    model.pieces.add(piece="C#", score=10.0)
    return model


def spaced(numbers):
    return " ".join(map(str, numbers))


def write_golden(path, vocab, texts, decodings, seed=11):
    """The .tsv of one vocabulary."""
    rng = random.Random(seed)
    with open(path, "w", encoding="ascii", newline="\n") as out:
        for text in texts:
            text = text if isinstance(text, bytes) else text.encode()
            pieces = vocab.encode(text, return_type="proto").pieces
            ids = [p.id for p in pieces]
            decoded = vocab.decode(ids, return_type="proto").text.encode()
            fields = text.hex(), spaced(ids), spaced(p.begin for p in pieces), spaced(p.end for p in pieces), decoded.hex()
            out.write("\t".join(("E", *fields)) + "\n")
        groups = [[i for i in range(len(vocab)) if test(i)] for test in (vocab.is_byte, lambda i: not vocab.is_byte(i))]
        spaces = [i for i in range(len(vocab)) if not vocab.id_to_piece(i).strip("▁")]
        for _ in range(decodings):
            pools = [g for g in (*groups, spaces, [0, 1]) if g]
            ids = [rng.choice(rng.choice(pools)) for _ in range(rng.randint(0, 12))]
            proto = vocab.decode(ids, return_type="proto")
            ranges = spaced(p.begin for p in proto.pieces), spaced(p.end for p in proto.pieces)
            out.write("\t".join(("D", proto.text.encode().hex(), spaced(ids), *ranges)) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("real", nargs="?", help="a production vocabulary")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    symbols = ["<sep>", "C++", "C", "New York"]
    fallback = {"byte_fallback": True}
    models = {
        "unigram": make_vocab("unigram", 400, RULES, user_defined_symbols=symbols, **fallback),
        "bpe": freeze_test(make_vocab("bpe", 340, user_defined_symbols=symbols, remove_extra_whitespaces=False, **fallback)),
        "nofallback": make_vocab("unigram", 120, RULES, unk_surface=" <?> "),
        "suffix": make_vocab("unigram", 110, RULES[:8], treat_whitespace_as_suffix=True),
        "ties": make_ties(make_vocab("unigram", 150, RULES)),
        "unused": mark_unused(make_vocab("bpe", 160, RULES, add_dummy_prefix=False), 0.4, 3),
    }
    for name, model in models.items():
        bytes_ = model.SerializeToString()
        (args.out / f"{name}.spm").write_bytes(bytes_)
        write_golden(args.out / f"{name}.tsv", spm.SentencePieceProcessor(model_proto=bytes_), STRINGS + INVALID, 40)
        print(name, len(model.pieces), "pieces,", len(bytes_), "bytes")
    if args.real:
        write_golden(args.out / "firefox.tsv", spm.SentencePieceProcessor(args.real), REAL_SENTENCES, 20)


if __name__ == "__main__":
    main()
