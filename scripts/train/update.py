"""One update of a model's weights: losses, gradients, clipping, optimisers, the running average.

What: on a GPU the gradients of each shape of batch, and the step after them, are recorded once as CUDA graphs and played again:
a small model's thousands of kernels then take one call. Nothing is read back from the device before sums() is asked.
What not: no schedules, no data, no files (train.py).
Who calls: train.py.
"""

import contextlib

import torch
import torch.distributed as dist

from loss import cross_entropy, guided_alignment

OF_GRADIENTS, OF_STEPS = ("plain", "aligned", "tokens", "places"), ("norm", "updates", "skipped")
SUMS = OF_GRADIENTS + OF_STEPS


class Recorder:
    """Calls work(**tensors). On a GPU the first call with tensors of some shapes runs as it is, the second is recorded, and
    from then on the recording is played with the new contents; work must not look at values or make tensors that outlive it."""

    def __init__(self, work, device):
        self.work, self.records = work, torch.device(device).type == "cuda"
        self.seen, self.recordings, self.pool = set(), {}, None

    def __call__(self, **tensors):
        shapes = tuple(x.shape for x in tensors.values())
        if not self.records or shapes not in self.seen:
            self.seen.add(shapes)
            return self.work(**tensors)
        if shapes not in self.recordings:
            self.recordings[shapes] = self.record(tensors)
        graph, inputs = self.recordings[shapes]
        for name, x in tensors.items():
            inputs[name].copy_(x)
        graph.replay()

    def record(self, tensors):
        """-> (graph, the tensors that it reads); all recordings share their scratch memory."""
        inputs, graph = {name: x.clone() for name, x in tensors.items()}, torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self.pool):
            self.work(**inputs)
        self.pool = graph.pool()
        return graph, inputs


class Update:
    """`optimizers` are of model.weights, each group with a "scale" of the rate. Averages gradients over `world` processes.
    What a `teacher` expects of the next piece has the share `imitation` in the loss."""

    def __init__(self, model, optimizers, device, dtype, smoothing, clip, world=1, teacher=None, imitation=0.0):
        self.model, self.optimizers, self.device, self.dtype = model, optimizers, device, dtype
        self.smoothing, self.clip, self.world = smoothing, clip, world
        self.teacher, self.imitation = teacher, imitation
        weights = self.weights = list(model.weights.values())
        self.grads = torch.zeros(sum(w.numel() for w in weights), device=device)
        for weight, grad in zip(weights, self.grads.split([w.numel() for w in weights])):
            weight.grad = grad.view_as(weight)
        self.ema = {name: weight.detach().clone() for name, weight in model.weights.items()}
        self.guide, self.blend = (torch.zeros((), device=device) for _ in range(2))
        self.rates = [[torch.zeros((), device=device) for _ in optimizer.param_groups] for optimizer in optimizers]
        self.totals = torch.zeros(len(SUMS), device=device)
        self.gradients, self.step = Recorder(self.make_gradients, device), Recorder(self.make_step, device)

    def __call__(self, batch, rate, guide, keep):
        """batch of batches.py; keep: the share of the running average that stays."""
        self.guide.fill_(guide)
        self.blend.fill_(1 - keep)
        for optimizer, rates in zip(self.optimizers, self.rates):
            for group, own in zip(optimizer.param_groups, rates):
                group["lr"] = own.fill_(rate * group["scale"])
        self.gradients(**batch)
        if self.world > 1:
            dist.all_reduce(self.grads)
            self.grads /= self.world
        self.step()

    def losses(self, src, src_mask, trg, trg_mask, guide):
        """-> (summed smoothed CE, summed plain CE, summed alignment loss), over the real target tokens."""
        low = self.dtype != torch.float32
        kind = torch.device(self.device).type
        with torch.autocast(kind, self.dtype, cache_enabled=kind != "cuda") if low else contextlib.nullcontext():
            memory, bias = self.model.encode(src, src_mask)
            states, attention = self.model.decode(trg, memory, bias)
            imitation = self.imitation if self.model.training else 0.0
            expected = self.expected(src, src_mask, trg) if imitation else trg.new_zeros(*trg.shape, 0)
        if kind == "cuda":  # a recording cannot pick out rows whose number it does not know
            chosen, expected = (states.flatten(0, 1), trg.flatten(), trg_mask.flatten().float()), expected.flatten(0, 1)
        else:
            chosen, expected = (states[trg_mask], trg[trg_mask], None), expected[trg_mask]
        smoothed, plain = cross_entropy(self.model, *chosen, self.smoothing, self.dtype, expected, imitation)
        aligned = (torch.zeros((), device=trg.device) if attention is None  # "rnn" has none to guide
                   else guided_alignment(attention, guide))
        return smoothed, plain, aligned

    @torch.no_grad()
    def expected(self, src, src_mask, trg):
        """The teacher's logits [B,T,V]."""
        return self.teacher.logits(self.teacher.decode(trg, *self.teacher.encode(src, src_mask))[0])

    def make_gradients(self, **batch):
        smoothed, plain, aligned = self.losses(**batch)
        tokens = batch["trg_mask"].sum()
        found = torch.autograd.grad((smoothed + self.guide * aligned) / tokens, self.weights)
        torch._foreach_copy_([weight.grad for weight in self.weights], found)
        places = torch.full_like(tokens, batch["trg_mask"].numel())
        self.totals[:len(OF_GRADIENTS)] += torch.stack([x.detach().float() for x in (plain, aligned, tokens, places)])

    @torch.no_grad()
    def make_step(self):
        """A gradient that is not finite counts as zero, and is counted."""
        norm = self.grads.norm()
        finite = norm.isfinite()
        self.grads.mul_(torch.where(finite, self.clip / norm.clamp(min=self.clip), 0)).nan_to_num_(0, 0, 0)
        for optimizer in self.optimizers:
            optimizer.step()
        weights, averages = [w.detach() for w in self.weights], list(self.ema.values())
        apart = torch._foreach_sub(weights, averages)
        torch._foreach_mul_(apart, self.blend)
        torch._foreach_add_(averages, apart)
        self.totals[-len(OF_STEPS):] += torch.stack([torch.where(finite, norm, 0), torch.ones_like(norm), (~finite).float()])

    def sums(self):
        """What happened since the last call, of this process: {name of SUMS: sum}."""
        out = dict(zip(SUMS, self.totals.tolist()))
        self.totals.zero_()
        return out
