"""Losses: label-smoothed cross-entropy in chunks, and guided alignment.

What: summed losses over target tokens (the caller divides by their number).
What not: no model, no schedule of weights.
Who calls: train.py.
"""

import torch

from quantise import output_operands

# Rows of logits in float32 at once: on a CPU [64, V] stays in the cache; elsewhere few large kernels are quicker.
CPU_CHUNK, CHUNK = 64, 16384


class ChunkedCrossEntropy(torch.autograd.Function):
    """Sum over rows of (1-e) CE + e (logsumexp - mean logit), for logits = x Eᵀ + b, times the rows' weights if there are any.
    With a teacher (1 - imitation) of that, and `imitation` of the cross-entropy with its distribution (Kim & Rush 2016, 3.1).

    The gradient is made together with the loss: [N, V] exists once, in `dtype`, beside the teacher's; the gradient replaces
    the logits there, and between the products all is float32.
    """

    @staticmethod
    def forward(ctx, states, table, bias, gold, weights, smoothing, dtype, teacher_logits, imitation):
        """states [N,D], table [V,D], bias [1,V], gold [N], weights [N] or None, a teacher's logits [N,V] or None
        -> (loss, plain CE)."""
        low_table, low_states = table.to(dtype), states.to(dtype)
        logits = torch.addmm(bias.to(dtype), low_states, low_table.t())
        grad_bias = torch.zeros_like(bias)
        loss = plain = 0.0
        chunk = CPU_CHUNK if logits.device.type == "cpu" else CHUNK
        weights = torch.ones(len(gold), device=gold.device) if weights is None else weights
        own = 1 - imitation  # the share of what people wrote
        parts = zip(logits.split(chunk), gold[:, None].split(chunk), weights[:, None].split(chunk))
        for at, (rows, y, weight) in enumerate(parts):
            x = rows.float()
            picked, mean, largest = x.gather(1, y), x.mean(1, keepdim=True), x.amax(1, keepdim=True)
            wanted = own * ((1 - smoothing) * picked + smoothing * mean)
            if imitation:
                teacher = teacher_logits[at * chunk:at * chunk + len(x)].float().softmax(1)
                wanted += imitation * (teacher * x).sum(1, keepdim=True)
            total = x.sub_(largest).exp_().sum(1, keepdim=True)
            normaliser = total.log() + largest
            plain += (weight * (normaliser - picked)).double().sum()
            loss += (weight * (normaliser - wanted)).double().sum()
            x.mul_(weight / total).sub_(weight * (own * smoothing / x.shape[1]))
            x.scatter_add_(1, y, weight * (own * (smoothing - 1)))
            if imitation:
                x.sub_(teacher.mul_(weight * imitation))
            grad_bias += x.sum(0)
            rows.copy_(x)
        ctx.save_for_backward(logits @ low_table, logits.t() @ low_states, grad_bias)
        ctx.mark_non_differentiable(plain)
        return loss.float(), plain

    @staticmethod
    def backward(ctx, grad, _):
        grad_states, grad_table, grad_bias = ctx.saved_tensors
        return grad_states * grad, grad_table.float() * grad, grad_bias * grad, *[None] * 6


def cross_entropy(model, states, gold, weights, smoothing, dtype, teacher_logits=None, imitation=0.0):
    """states [N,D], gold [N], weights [N] or None for ones, a teacher's logits [N,V] and their share of the loss
    -> (smoothed loss, plain cross-entropy), both sums."""
    states, table = output_operands(model, states)
    return ChunkedCrossEntropy.apply(states, table, model.weights[model.output_bias], gold, weights, smoothing, dtype,
                                     teacher_logits, imitation)


def guided_alignment(attention, guide):
    """-sum guide log attention: both [B,T,S], a target's row of the guide sums to 1, or to 0 where nothing is linked."""
    return -(guide * (attention.float() + 1e-6).log()).sum()
