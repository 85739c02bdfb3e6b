"""Marian's `.bin` container (version 1) and the model options inside it.

What: items of float32 or int8 to and from bytes; a model to and from a file.
What not: no quantisation (the C tool `dolmetsch pack` and export_intgemm.py do that).
Who calls: whatever here reads or writes a model.
"""

import struct

import numpy as np
import torch

import rnn
from files import replacing
from model import Config, Transformer

FLOAT32, INT8 = 0x404, 0x101
OPTIONS = "special:model.yml"


def write_items(path, items):
    """items: [(name, array)] with float32 or int8 arrays. Replaces PATH atomically."""
    kinds = {np.dtype(np.float32): FLOAT32, np.dtype(np.int8): INT8}
    write_blobs(path, [(name, kinds[array.dtype], array.shape, np.ascontiguousarray(array).tobytes())
                       for name, array in items])


def write_blobs(path, blobs):
    """blobs: [(name, type code, shape, bytes)] of any type. Replaces PATH atomically."""
    names = [name.encode() + b"\0" for name, *_ in blobs]
    head = struct.pack("<QQ", 1, len(blobs))
    for name, (_, kind, shape, data) in zip(names, blobs):
        head += struct.pack("<QQQQ", len(name), kind, len(shape), len(data))
    head += b"".join(names)
    head += b"".join(struct.pack(f"<{len(shape)}i", *shape) for _, _, shape, _ in blobs)
    pad = ((len(head) + 8) // 256 + 1) * 256 - len(head) - 8
    with replacing(path, "wb") as file:
        file.write(head + struct.pack("<Q", pad) + bytes(pad))
        for *_, data in blobs:
            file.write(data)


def read_items(path):
    """Returns {name: array}; only float32 and int8 items are understood."""
    with open(path, "rb") as file:
        data = file.read()
    version, count = struct.unpack_from("<QQ", data)
    if version != 1:
        raise ValueError(f"{path}: container version {version}, not 1")
    headers = [struct.unpack_from("<QQQQ", data, 16 + 32 * i) for i in range(count)]
    at, names, shapes, items = 16 + 32 * count, [], [], {}
    for length, *_ in headers:
        names.append(data[at:at + length - 1].decode())
        at += length
    for _, _, rank, _ in headers:
        shapes.append(struct.unpack_from(f"<{rank}i", data, at))
        at += 4 * rank
    at += 8 + struct.unpack_from("<Q", data, at)[0]
    for name, shape, (_, kind, _, size) in zip(names, shapes, headers):
        dtype = {FLOAT32: np.float32, INT8: np.int8}[kind]
        items[name] = np.frombuffer(data, dtype, int(np.prod(shape)), at).reshape(shape)
        at += size
    return items


def make_config(fields):
    """The configuration of a checkpoint, from its fields."""
    return rnn.Config(**fields) if "units" in fields else Config(**fields)


def make_model(config):
    return rnn.Rnn(config) if isinstance(config, rnn.Config) else Transformer(config)


def options_text(config):
    if isinstance(config, rnn.Config):
        return rnn.options_text(config)
    autoreg = "rnn" if config.decoder == "ssru" else "self-attention"
    return (f"type: transformer\ndim-vocabs: [{config.vocab}, {config.vocab}]\ndim-emb: {config.dim}\n"
            f"enc-depth: {config.encoder_layers}\ndec-depth: {config.decoder_layers}\n"
            + ("dec-cell: ssru\n" if config.decoder == "ssru" else "")
            + f"tied-embeddings-all: true\ntransformer-decoder-autoreg: {autoreg}\n"
            f"transformer-dim-ffn: {config.ffn}\ntransformer-ffn-activation: relu\n"
            f"transformer-heads: {config.heads}\ntransformer-preprocess: \"\"\n"
            "transformer-postprocess: dan\ntransformer-postprocess-emb: d\n"
            + (f"dolmetsch-weight-bits: {config.bits}\n" if config.bits < 8 else "")
            + (f"dolmetsch-longest: {config.longest}\n" if config.longest < 128 else ""))


def parse_options(text):
    """The inverse of options_text, for files of our own making."""
    values = dict(line.split(": ", 1) for line in text.splitlines())
    if values["type"] == "s2s":
        return rnn.parse_options(values)
    return Config(
        vocab=int(values["dim-vocabs"].strip("[]").split(",")[0]), dim=int(values["dim-emb"]),
        ffn=int(values["transformer-dim-ffn"]), heads=int(values["transformer-heads"]),
        encoder_layers=int(values["enc-depth"]), decoder_layers=int(values["dec-depth"]),
        decoder="ssru" if values["transformer-decoder-autoreg"] == "rnn" else "selfattn",
        bits=int(values.get("dolmetsch-weight-bits", 8)), longest=int(values.get("dolmetsch-longest", 128)))


def save_model(path, config, weights):
    """weights: name -> tensor. Parameters sorted by name, options last, as Marian does."""
    items = [(name, weights[name].detach().float().cpu().numpy()) for name in sorted(weights.keys())]
    text = options_text(config).encode() + b"\0"
    write_items(path, [*items, (OPTIONS, np.frombuffer(text, np.int8))])


def load_model(path):
    """A model from a float32 `.bin` that save_model wrote."""
    items = read_items(path)
    model = make_model(parse_options(items[OPTIONS].tobytes().rstrip(b"\0").decode()))
    put_weights(model, items)
    return model


def put_weights(model, items):
    """items: {name: array}. A feed-forward layer may be narrower than the options say (units.py --cut)."""
    for name, weight in model.weights.items():
        values = torch.from_numpy(items[name].copy())
        # A vector of a packed file comes as [1, n]; the attention's of an RNN is [n, 1] to Marian.
        values = values.reshape(weight.shape) if values.numel() == weight.numel() else values
        if values.shape != weight.shape and "_ffn_" not in name:
            raise ValueError(f"{name}: {tuple(values.shape)} in the file, {tuple(weight.shape)} by its options")
        weight.data = values
