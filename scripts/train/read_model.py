"""Reads a packed model: the float weights that its int8 values stand for.

What: `python read_model.py MODEL OUT_PREFIX` -> OUT_PREFIX.bin (float32, Marian's
names), OUT_PREFIX.spm and, where there is a shortlist, OUT_PREFIX.lex.bin: to start training from,
to look into, or to pack again; MODEL is a folder of models/ or a packed file. The format is described in src/model/weights.h.
What not: the weights before int8 are lost and do not come back.
Who calls: align_error.py, by_length.py, size.py, guide_probe.py; by hand, before `train.py --warm-start`.
"""

import argparse
import hashlib
import itertools
import json
import struct
import zlib
from pathlib import Path

import numpy as np

from files import replacing
from lexicon import write as write_lists
from marian import make_model, parse_options, put_weights, save_model

U8, F32, I8 = range(3)
COLUMNS, DEPTH, ALIGN = 8, 4, 64  # columns and rows of one kernel step; bytes
HEADER_SIZE, CRC_FROM = 64, 20


def model_bytes(path):
    """The packed file: PATH itself, or the chunks of its manifest, checked."""
    path = Path(path)
    if not path.is_dir():
        return path.read_bytes()
    manifest = json.loads((path / "manifest.json").read_text())
    chunks = []
    for chunk in manifest["chunks"]:
        chunks.append((path / chunk["file"]).read_bytes())
        if hashlib.sha256(chunks[-1]).hexdigest() != chunk["sha256"]:
            raise ValueError(f"{path / chunk['file']}: its SHA-256 is not the manifest's")
    return b"".join(chunks)


class Cursor:
    """Takes little-endian fields one after the other."""

    def __init__(self, data, at):
        self.data, self.at = data, at

    def take(self, layout):
        values = struct.unpack_from("<" + layout, self.data, self.at)
        self.at += struct.calcsize("<" + layout)
        return values

    def bytes(self, size):
        return self.take(f"{size}s")[0]


def read_head(data):
    """-> ({key: bytes} of the metadata, [(name, type, dims, offset, size)])."""
    if data[:4] != b"DMT1":
        raise ValueError("not a model file: it does not start with DMT1")
    version, size, crc, head_size, n_meta, n_tensors = Cursor(data, 4).take("IQIIII")
    if version != 1 or size != len(data) or not HEADER_SIZE <= head_size <= size:
        raise ValueError(f"version {version}, a head of {head_size} and {size} bytes by its header; "
                         f"expected version 1 and {len(data)} bytes")
    if zlib.crc32(data[CRC_FROM:head_size]) != crc:
        raise ValueError("the head is damaged: its checksum differs")
    cursor = Cursor(data[:head_size], HEADER_SIZE)
    meta, tensors = {}, []
    for _ in range(n_meta):
        key = cursor.bytes(*cursor.take("B")).decode()
        meta[key] = cursor.bytes(*cursor.take("I"))
    for _ in range(n_tensors):
        name = cursor.bytes(*cursor.take("B")).decode()
        kind, n_dims = cursor.take("BB")
        tensors.append((name, kind, cursor.take(f"{n_dims}I"), *cursor.take("QQ")))
    return meta, tensors


def round_up(n, step):
    return -(-n // step) * step


def matrix(blob, k, n):
    """The int8 tensor of `blob` -> float32 [k, n]: the stored value times its column's scale."""
    depth, columns = round_up(k, DEPTH), round_up(n, COLUMNS)
    scale_at = round_up(depth * columns, ALIGN)
    sum_at = round_up(scale_at + 4 * columns, ALIGN)
    packed = np.frombuffer(blob, np.int8, depth * columns)
    steps = packed.reshape(columns // COLUMNS, depth // DEPTH, COLUMNS, DEPTH)
    values = steps.transpose(1, 3, 0, 2).reshape(depth, columns)
    if (values.sum(0, dtype=np.int32) != np.frombuffer(blob, "<i4", columns, sum_at)).any():
        raise ValueError("a column sum is not the sum of its column")
    return (values * np.frombuffer(blob, "<f4", columns, scale_at))[:k, :n]


def tensor(data, name, kind, dims, offset, size):
    """One tensor as Marian stores it: embeddings have a row for each token, vectors are [1, n]."""
    blob = data[offset:offset + size]
    if len(blob) != size or kind not in (F32, I8):
        raise ValueError(f"tensor {name}: type {kind}, {len(blob)} of {size} bytes")
    if kind == F32:
        return np.frombuffer(blob, "<f4").reshape(1, -1)
    try:
        values = matrix(blob, *dims)
    except ValueError as error:
        raise ValueError(f"tensor {name}: {error}") from error
    return values.T if "Wemb" in name or name.endswith("_Wt") else values


def read_model(path):
    """-> (options text, {Marian's name: float32 array}, {"vocab": bytes, "shortlist": bytes where there is one})."""
    data = model_bytes(path)
    meta, tensors = read_head(data)
    weights, plain = {}, {}
    for name, kind, dims, offset, size in tensors:
        if kind == U8:
            plain[name] = data[offset:offset + size]
        else:
            weights[name] = tensor(data, name, kind, dims, offset, size)
    return meta["config"].decode(), weights, plain


def lists_of(table):
    """Bytes of src/model/shortlist.h -> [ids of each source piece], ascending, the common ones in the list of EOS."""
    pieces, = struct.unpack_from("<I", table)
    bits = iter(np.unpackbits(np.frombuffer(table, np.uint8, offset=4), bitorder="little").tolist())
    lists = [take_list(bits, pieces) for _ in range(pieces + 1)]
    return [np.union1d(lists[0], lists[1]).astype(np.int64)] + [np.array(ids, np.int64) for ids in lists[2:]]


def take_list(bits, pieces):
    """A list's length in Elias' gamma code, less 1, then the gaps between its ids in Rice's."""
    zeros = sum(1 for _ in itertools.takewhile(lambda bit: not bit, bits))
    length, ids = 1, []
    for _ in range(zeros):
        length = 2 * length + next(bits)
    low = (pieces // length).bit_length() - 1
    for _ in range(length - 1):
        gap = sum(1 for _ in itertools.takewhile(bool, bits)) << low
        gap += sum(next(bits) << place for place in range(low))
        ids.append((ids[-1] if ids else -1) + 1 + gap)
    return ids


def in_torch(options, weights):
    model = make_model(parse_options(options))
    put_weights(model, weights)
    return model


def load_packed(path):
    """-> (the model of a packed file in PyTorch, bytes of its SentencePiece model)."""
    options, weights, plain = read_model(path)
    return in_torch(options, weights), plain["vocab"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("prefix")
    args = parser.parse_args()
    options, weights, plain = read_model(args.model)
    model = in_torch(options, weights)
    save_model(args.prefix + ".bin", model.config, model.weights)
    with replacing(args.prefix + ".spm", "wb") as file:
        file.write(plain["vocab"])
    if "shortlist" in plain:
        write_lists(args.prefix + ".lex.bin", lists_of(plain["shortlist"]))
    print(f"{args.prefix}.bin: {len(model.weights)} tensors, {sum(w.numel() for w in model.weights.values())} values")


if __name__ == "__main__":
    main()
