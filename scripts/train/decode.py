"""Batched greedy and beam search that carry the decoder's state from step to step.

What: ids or text in, ids or text out.
What not: no shortlist, no sentence splitting.
Who calls: evaluate.py, train.py, distill.py, golden.py.
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


def reorder(state, rows):
    """The decoder's state with its rows picked anew: every tensor inside, along its first axis."""
    if isinstance(state, torch.Tensor):
        return state.index_select(0, rows)
    if isinstance(state, dict):
        return {key: reorder(value, rows) for key, value in state.items()}
    if isinstance(state, tuple) and hasattr(state, "_fields"):
        return type(state)(*(reorder(value, rows) for value in state))
    if isinstance(state, (list, tuple)):
        return type(state)(reorder(value, rows) for value in state)
    return state  # a step's number, or nothing yet


def moved(state, rows):
    """The decoder's state after hypotheses changed places within their sentences, which all see the same source."""
    return {key: reorder(value, rows) if key in ("cells", "h") else value for key, value in state.items()}


def extensions(logits, done, width):
    """The best next pieces of each hypothesis: logits [B*W,V], done [B,W] -> (log-probabilities, ids), both [B,W,k], best first.
    What is done goes on with EOS alone, at no cost."""
    best, token = logits.topk(min(width, logits.shape[1]), dim=1)
    gain = best.float() - logits.float().logsumexp(1, keepdim=True)
    free = torch.full_like(gain[0], -torch.inf)
    free[0] = 0
    return (torch.where(done[..., None], free, gain.view(*done.shape, -1)),
            torch.where(done[..., None], EOS, token.view(*done.shape, -1)))


def finished(output, score, done):
    """output [W,T] of one sentence, score [W], done [W], all lists -> its finished hypotheses without EOS, best first; where
    there is none, the best of the others."""
    order = sorted(range(len(score)), key=lambda i: (not done[i], -score[i]))
    rows = [output[i] for i in order if done[i]] or [output[order[0]]]
    return [row[:row.index(EOS)] if EOS in row else row for row in rows]


def beam(model, sources, width, device="cpu", longest=MAX_LENGTH_FACTOR):
    """As greedy(): the first of each sentence's hypotheses()."""
    return [found[0] for found in hypotheses(model, sources, width, device, longest)]


@torch.inference_mode()
def hypotheses(model, sources, width, device="cpu", longest=MAX_LENGTH_FACTOR):
    """Lists of source ids -> for each what a beam of `width` ends with, lists of ids without EOS: best first by the mean
    log-probability of their pieces, EOS counted. As in Marian a finished hypothesis keeps its place; one that is not finished
    at the length limit, `longest` times the pieces of the longest source, is left out, unless none is. Sentences that are
    finished leave when they are half of what is left: to let them go copies the state of the others."""
    src, mask = pad_rows(sources, device)
    memory, bias = model.encode(src, mask)
    spread = torch.arange(len(sources), device=device).repeat_interleave(width)
    state, bias = reorder(model.start(memory), spread), bias.index_select(0, spread)
    total = torch.full((len(sources), width), -torch.inf, device=device)
    total[:, 0] = 0  # all start alike: one is enough
    previous = torch.full((len(spread),), -1, device=device)
    done, length = torch.zeros_like(total, dtype=torch.bool), torch.zeros_like(total)
    output = torch.zeros(*total.shape, 0, dtype=torch.long, device=device)
    found, limit = [[]] * len(sources), int(longest * src.shape[1])
    here = torch.arange(len(sources), device=device)  # the sentences that are left
    for step in range(1, limit + 1):
        logits, _ = model.step(previous, state, bias)
        logits[:, UNK] = -torch.inf
        gain, token = extensions(logits, done, width)
        total, place = (total[..., None] + gain).flatten(1).topk(width, dim=1)
        parent, token = place // gain.shape[-1], token.flatten(1).gather(1, place)
        length = length.gather(1, parent) + ~done.gather(1, parent)
        done = done.gather(1, parent) | (token == EOS)
        output = torch.cat([output.gather(1, parent[..., None].expand(-1, -1, output.shape[2])), token[..., None]], dim=2)
        state = moved(state, (torch.arange(len(here), device=device)[:, None] * width + parent).flatten())
        leave = done.all(1) | (step == limit)
        if 2 * int(leave.sum()) >= len(here):
            ended = (x[leave].tolist() for x in (output, total / length, done))
            for index, *those in zip(here[leave].tolist(), *ended):
                found[index] = finished(*those)
            stay = (~leave).nonzero().flatten()
            if not len(stay):
                break
            here, total, done, length, output, token = (x[stay] for x in (here, total, done, length, output, token))
            rows = (stay[:, None] * width + torch.arange(width, device=device)).flatten()
            state, bias = reorder(state, rows), bias[rows]
        previous = token.flatten()
    return found


def translate(model, vocab, texts, device="cpu", batch=32, width=1):
    """Texts -> texts, sorted by length inside so that batches have little padding; width > 1 is a beam's."""
    sources = [ids + [EOS] for ids in vocab.encode(list(texts))]
    order = sorted(range(len(sources)), key=lambda i: len(sources[i]))
    out = [""] * len(sources)
    for begin in range(0, len(order), batch):
        part = order[begin:begin + batch]
        rows = [sources[i] for i in part]
        found = greedy(model, rows, device) if width == 1 else beam(model, rows, width, device)
        for index, ids in zip(part, found):
            out[index] = vocab.decode(ids)
    return out
