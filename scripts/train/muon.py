"""Muon, with matrices of one shape stepped together.

What: the optimiser of Jordan et al. 2024 (https://kellerjordan.github.io/posts/muon): momentum, then the nearest orthogonal
matrix by five Newton-Schulz iterations in bfloat16, scaled to the size of Adam's steps (Liu et al. 2025, arXiv:2502.16982).
The same steps as torch.optim.Muon(adjust_lr_fn="match_rms_adamw"), which takes a matrix at a time: a model of sixty small ones
then waits for two thousand kernels an update. A rate that is a tensor is read on its device, so that a step can be recorded.
What not: nothing for vectors and embeddings, which are Adam's.
Who calls: train.py.
"""

import collections

import torch

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
ITERATIONS = 5


def orthogonalised(matrices):
    """matrices [N,R,C] -> nearly U Vᵀ of each one's singular value decomposition, in bfloat16."""
    a, b, c = COEFFICIENTS
    x = matrices.bfloat16()
    tall = x.shape[1] > x.shape[2]
    x = x.transpose(1, 2) if tall else x
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    for _ in range(ITERATIONS):
        gram = x @ x.transpose(1, 2)
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.transpose(1, 2) if tall else x


class Muon(torch.optim.Optimizer):
    def __init__(self, groups, lr=1e-3, momentum=0.95):
        super().__init__(groups, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            by_shape = collections.defaultdict(list)
            for weight in group["params"]:
                by_shape[weight.shape].append(weight)
            for weights in by_shape.values():
                self.step_together(weights, group["lr"], group["momentum"])

    def step_together(self, weights, rate, momentum):
        grads = torch.stack([weight.grad for weight in weights])
        for weight in weights:
            if not self.state[weight]:
                self.state[weight]["momentum_buffer"] = torch.zeros_like(weight)
        averages = [self.state[weight]["momentum_buffer"] for weight in weights]
        torch._foreach_lerp_(averages, list(grads), 1 - momentum)
        steps = orthogonalised(grads.lerp_(torch.stack(averages), momentum)).to(grads.dtype)
        steps *= -rate * 0.2 * max(weights[0].shape) ** 0.5
        torch._foreach_add_(weights, list(steps))
