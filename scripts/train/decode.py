"""Batched greedy decoding that carries the decoder's state from step to step.

What: ids or text in, ids or text out.
What not: no beam, no shortlist, no sentence splitting.
Who calls: evaluate.py, train.py, golden.py.
"""

import torch

EOS, UNK = 0, 1
MAX_LENGTH_FACTOR = 2


def pad_rows(rows, device="cpu"):
    """Lists of ids -> (ids [B,N] padded with 0, mask [B,N])."""
    width = max(map(len, rows))
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    for row, values in zip(ids, rows):
        row[:len(values)] = torch.as_tensor(values, dtype=torch.long)
    lengths = torch.tensor([len(values) for values in rows])
    return ids.to(device), (torch.arange(width) < lengths[:, None]).to(device)


@torch.inference_mode()
def greedy(model, sources, device="cpu"):
    """Lists of source ids, each ending in EOS -> lists of output ids without EOS."""
    src, mask = pad_rows(sources, device)
    memory, bias = model.encode(src, mask)
    state = model.start(memory)
    previous = torch.full((len(sources),), -1, device=device)
    done = torch.zeros(len(sources), dtype=torch.bool, device=device)
    steps = []
    for _ in range(MAX_LENGTH_FACTOR * src.shape[1]):
        logits, _ = model.step(previous, state, bias)
        logits[:, UNK] = -torch.inf
        previous = logits.argmax(1).masked_fill(done, EOS)
        steps.append(previous)
        done |= previous == EOS
        if done.all():
            break
    rows = torch.stack(steps, dim=1).tolist()
    return [row[:row.index(EOS)] if EOS in row else row for row in rows]


def translate(model, vocab, texts, device="cpu", batch=32):
    """Texts -> texts, sorted by length inside so that batches have little padding."""
    sources = [ids + [EOS] for ids in vocab.encode(list(texts))]
    order = sorted(range(len(sources)), key=lambda i: len(sources[i]))
    out = [""] * len(sources)
    for begin in range(0, len(order), batch):
        part = order[begin:begin + batch]
        for index, ids in zip(part, greedy(model, [sources[i] for i in part], device)):
            out[index] = vocab.decode(ids)
    return out
