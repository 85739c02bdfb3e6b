"""Tests of the steps of the recipe that work on text: dictionary, filter, augment, our own text, what a beam has nearest.

What: functions that exit with a message on failure.
What not: nothing that is encoded or trained (selftest_recipe.py).
Who calls: selftest.py.
"""

import collections
import lzma
import random
import subprocess
import sys

import numpy as np

import augment
import closest
import dictionary
import filter as filtering
import rare_words
import written
from align import words
from pairs import read
from selftest_recipe import HERE, ROOT, check


def check_dictionary(work):
    """Parts, synonyms and notes of the dictionary's lines, and what is left out."""
    (work / "dictionary").write_text("""# a comment :: of the file
Gerücht {n} [ugs.] | Gerüchte {pl} | in Umlauf / in die Welt setzen :: rumour [Br.]; hearsay (of sb.; old) | rumours | to put
jdn./etw. in etw. hüllen {vt} (auch {fig.}) /X/ :: to swathe sb./sth. in sth. [formal]
Bank {f} | in Bank :: bank
Ufer {n} :: bank; river bank
Geldhaus {n} :: Bank
kein Paar
""", encoding="utf-8")
    wanted = [("rumour", "Gerücht"), ("hearsay", "Gerücht"), ("rumours", "Gerüchte"),
              ("to swathe something in something", "etwas in etwas hüllen"), ("bank", "Ufer"), ("river bank", "Ufer"),
              ("Bank", "Geldhaus")]
    found = dictionary.read(work / "dictionary")
    check(found == wanted, f"a dictionary's pairs: {found}")
    check(dictionary.read(work / "dictionary", senses=1) == [pair for pair in wanted if pair[0].lower() != "bank"],
          "words of many senses are left out")


def check_rare_words():
    """Words are counted in lower case, and lines grouped by how many the corpus hardly has."""
    counts = collections.Counter({"the": 50, "set": 50, "old": 3})
    lines = ["The set, 3!", "The old set", "A new old set"]
    check(abs(rare_words.share(counts, lines, 1) - 2 / 9) < 1e-9, "rare words: two of nine were never seen")
    check(rare_words.grouped(counts, lines) == [[0], [1], [2], []], "rare words: lines by their number")


def check_filter():
    """Each reason on a pair made for it, among pairs that are fine."""
    names = "file page user list item node value menu field table".split()
    german = "Datei Seite Nutzer Liste Eintrag Knoten Wert Menü Feld Tabelle".split()
    good = [(f"The {en} is shown after the {other}.", f"Die {de} wird nach der {noch} angezeigt.")
            for en, de in zip(names, german) for other, noch in zip(names, german) if en != other]
    links = [(0, 0), (1, 1), (2, 2), (3, 6), (4, 3), (5, 4), (6, 5), (7, 7)]
    lexicon = filtering.Lexicon()
    for pair in good:
        lexicon.count(*pair, links)
    strangers = "Blue horses rarely drive.", "Kein Zaun kostet Kuchen."
    lexicon.count(*strangers, [])
    lengths = filtering.LengthModel(np.array([[len(side) + 10 for side in pair] for pair in good]))
    judge = filtering.Filter(lengths, lexicon).judge
    check(judge("mdn", *good[0], links)[0] == "", "filter: a good pair stays")
    copied = ("The page is in the list of the user.",) * 2
    for reason, pair in {
        "duplicate": good[0], "language": copied, "alignment": strangers,
        "length": (good[1][0], good[1][1] + " Und noch viel mehr, das im Englischen nirgends steht.")}.items():
        check(judge("mdn", *pair, [] if pair is strangers else links)[0] == reason, f"filter: {reason}")
    check(filtering.wrong_language("Die Seite ist nicht in der Liste", "Die Seite ist in der Liste"),
          "filter: German for English")
    check(not filtering.wrong_language("See The Mark of Anarchy for it", "Siehe The Mask of Anarchy von Shelley"),
          "filter: a title")
    alike = {filtering.template(text) for text in ("Set `max_width` to 12.", "set `min_size` to 7!", "Set foo() to -1.")}
    check(alike == {"set 0 to 0"}, "filter: code, numbers, case and marks do not count")


def check_augment(pairs_path, links_path):
    """Links of new lines point at words; linked copies are the same word; the same seed gives the same lines."""
    pairs = list(augment.read(pairs_path, links_path, "en"))
    new = list(augment.augment(pairs, 3, 20))
    kinds = {kind for kind, _ in new}
    check(kinds == {*augment.KINDS, "several"}, f"augment: every kind occurs ({len(new)} lines)")
    check(new == list(augment.augment(pairs, 3, 20)), "augment: the same seed, the same lines")
    for kind, pair in new:
        sizes = len(words(pair.source)), len(words(pair.target))
        if not all(0 <= i < sizes[0] and 0 <= j < sizes[1] for i, j in pair.links):
            sys.exit(f"FAILED: augment: a link of {kind} points nowhere: {pair}")
    pair = augment.Pair("t", "I don't see Tom.", "Ich sehe Tom nicht.", [(0, 0), (1, 3), (3, 3), (4, 1), (5, 2), (6, 4)])
    hasty = augment.without_apostrophes(pair)
    check(hasty.source == "I dont see Tom." and set(hasty.links) == {(0, 0), (1, 3), (2, 1), (3, 2), (4, 4)},
          "augment: forgotten apostrophes, the links counted anew")
    pair = augment.Pair("t", "Set foo to 1.", "Setzen Sie foo auf 1.", [(0, 0), (1, 2), (2, 3), (3, 4), (4, 5)])
    changed = augment.replace(pair, (4, 7), (11, 14), "max_width")
    check(changed.target == "Setzen Sie max_width auf 1." and changed.links ==
          [(0, 0), (4, 5), (5, 6), (6, 7), (1, 2), (2, 3), (3, 4)], "augment: links move with the words")
    check(augment.replace(pair, (5, 7), (11, 14), "x") is None, "augment: no word is torn")
    check(augment.caps(random, augment.Pair("t", "Street", "Straße", [])).target == "STRASSE", "augment: capitals of ß")
    back = augment.turned(augment.turned(pair))
    check(back == pair and augment.turned(pair).source == pair.target, "augment: turned round and back")


def check_closest(work):
    """Through the engine, with the shipped model: of what it finds, the text nearest to the one that people wrote."""
    pairs, out, model = work / "near.tsv", work / "closest.tsv", ROOT / "models/en-de"
    lines = [("mdn/prose", "Open the file and save it.", "Speichern Sie die Datei, nachdem Sie diese geöffnet haben."),
             ("news", "Open the file.", "Völlig anderes, das niemand so sagen würde.")]
    pairs.write_text("".join("\t".join(line) + "\n" for line in lines), encoding="utf-8")
    printed = subprocess.run([sys.executable, HERE / "closest.py", model, pairs, out, "--engine", ROOT / "build/dolmetsch"],
                             check=True, capture_output=True, text=True).stdout
    (tag, english, chosen_text), = read(out)
    texts, = closest.hypotheses(ROOT / "build/dolmetsch", model, 6, [lines[0][1]])
    near = closest.nearest(texts, lines[0][2])
    check((tag, english) == ("mdn/distilled", lines[0][1]) and "1 of 2 pairs" in printed,
          "closest: keeps a pair's source, and leaves out what has no near hypothesis")
    check(len(set(texts)) > 1 and chosen_text == near.text and near.score == max(
        closest.nearest([text], lines[0][2]).score for text in texts), "closest: takes the nearest of several hypotheses")
    subprocess.run([sys.executable, HERE / "closest.py", ROOT / "models/de-en", pairs, out, "--source", "de", "--engine",
                    ROOT / "build/dolmetsch"], check=True, capture_output=True)
    back = list(read(out))
    check(back and back[0][2] == lines[0][2] and back[0][1] != lines[0][1], "closest: the other way, the English is the model's")


def check_written(work):
    """Our own text: raw lines are dropped that are torn, there already, or partly in a test set; a hundredth is held out."""
    taken = written.runs("In the year before, the old bridge was closed to all heavy traffic.")
    raw = ["A dog barks. ||| Ein Hund bellt.", "a dog  barks. ||| Der Hund bellt.", "A cat. |||", "One ||| two ||| three",
           "Reporters say that the old bridge was closed to all lorries. ||| Die Brücke ist zu.", "A cow. ||| Eine Kuh."]
    kept = [pair[0] for pair in written.clean(raw, taken)]
    check(kept == ["A dog barks.", "A cow."], "written: torn, known and tested lines go")
    path, lines = work / "written.tsv.xz", [f"Line {i}\tZeile {i}\n" for i in range(1000)]
    path.write_bytes(lzma.compress("".join(lines).encode()))
    sides = [["\t".join(pair) + "\n" for pair in written.read(held_out, path)] for held_out in (False, True)]
    check(sorted(sides[0] + sides[1]) == sorted(lines) and 2 < len(sides[1]) < 30,
          "written: a hundredth is held out, the rest read")
