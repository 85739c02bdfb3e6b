"""The engine's arithmetic in PyTorch: int8 weights and 7-bit activations, with straight-through gradients.

What: values rounded as src/model/pack.c rounds weights and src/nn/kernels_ref.c rounds activations, but kept as floats,
so that training sees what rounding does (train.py --bits).
What not: no file format; not the sums in int32, which are exact in both worlds up to float rounding.
Who calls: model.py, loss.py.
"""


LEVELS = 127  # of int8 weights on each side of 0, and of activations in all


def levels_of(bits):
    """Steps of a weight on each side of 0, as src/model/pack.h counts them."""
    return LEVELS >> (8 - bits)


def straight_through(x, rounded):
    """The value of `rounded`, the gradient of x."""
    return rounded + (x - x.detach())


def columns(weight, levels=LEVELS):
    """weight [K,N] -> the same, each column a multiple of its largest magnitude / levels."""
    scale = weight.detach().abs().amax(0, keepdim=True) / levels
    rounded = (weight.detach() / scale.clamp(min=1e-30)).round().clamp(-levels, levels) * scale
    return straight_through(weight, rounded)


def activations(x):
    """x [...,K] -> the same in steps of a row's range / 127, zero exact."""
    value = x.detach().float()
    low, high = value.amin(-1, keepdim=True).clamp(max=0), value.amax(-1, keepdim=True).clamp(min=0)
    unit = ((high - low) / LEVELS).clamp(min=1e-36)
    zero = (-low / unit).round()
    rounded = (((value / unit).round() + zero).clamp(0, LEVELS) - zero) * unit
    return straight_through(x, rounded.to(x.dtype))


def output_operands(model, states):
    """What the output layer multiplies: (states [N,D], table [V,D])."""
    table = model.weights["Wemb"]
    return (activations(states), columns(table.t(), model.levels).t()) if model.levels else (states, table)
