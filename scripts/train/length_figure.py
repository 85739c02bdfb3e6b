"""Draws a panel of by_length.py as SVG, in the manner of Figure 2 of Bahdanau et al. (2015).

What: draw() -> the text of an SVG file. Single lines are drawn through, joined ones dashed; bands are 95 % intervals.
It follows the light or dark theme of the page that shows it.
What not: no numbers are made here.
Who calls: by_length.py.
"""

from html import escape

WIDTH, HEIGHT = 480, 340
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 64, 42

# (light, dark) and the shape of a point, in the order of the models; shapes and names serve who cannot tell colours.
STYLES = [("#8a5a00", "#e0b050", "square"), ("#1b7f79", "#5ccfc4", "triangle"), ("#4a448c", "#bab2ff", "circle"),
          ("#a3326b", "#f08cc0", "diamond")]


def css():
    rules = ["text { font: 12px system-ui, sans-serif; fill: var(--ink); } .soft { fill: var(--soft); }",
             ".title { font-size: 14px; font-weight: 600; } .grid { stroke: var(--rule); stroke-width: 1; }",
             ".line { fill: none; stroke-width: 2; stroke-linejoin: round; } .joined { stroke-dasharray: 6 4; }",
             ".band { opacity: .16; stroke: none; }"]
    for number, (theme, (ink, soft, rule)) in enumerate((("light", ("#1c1b19", "#69665f", "#e5e2db")),
                                                         ("dark", ("#eceae5", "#a5a29b", "#2d2f34")))):
        colours = "".join(f" --m{i}: {style[number]};" for i, style in enumerate(STYLES))
        block = f":root {{ --ink: {ink}; --soft: {soft}; --rule: {rule};{colours} }}"
        rules.append(block if theme == "light" else f"@media (prefers-color-scheme: dark) {{ {block} }}")
    rules += [f".m{i} {{ stroke: var(--m{i}); }} .f{i} {{ fill: var(--m{i}); }}" for i in range(len(STYLES))]
    return "\n".join(rules)


def point(shape, x, y, number):
    if shape == "circle":
        return f'<circle class="f{number}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
    corners = {"diamond": ((0, -5), (5, 0), (0, 5), (-5, 0)), "square": ((-3.5, -3.5), (3.5, -3.5), (3.5, 3.5), (-3.5, 3.5)),
               "triangle": ((0, -4.5), (4.5, 3.5), (-4.5, 3.5))}[shape]
    return f'<polygon class="f{number}" points="{path((x + dx, y + dy) for dx, dy in corners)}"/>'


def path(points):
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


class Scale:
    """Buckets and BLEU -> places in the picture."""

    def __init__(self, panel):
        self.words = sorted({bucket["words"] for bucket in panel["buckets"]}, key=lambda words: int(words.split("-")[0]))
        top = max(cell["high"] for bucket in panel["buckets"] for cell in bucket["models"].values())
        self.step = next(step for step in (1, 2, 5, 10, 20) if top / step <= 7 or step == 20)
        self.top = self.step * max(1, -(-top // self.step))

    def x(self, words):
        return LEFT + (self.words.index(words) + 0.5) * (WIDTH - LEFT - RIGHT) / len(self.words)

    def y(self, bleu):
        return HEIGHT - BOTTOM - bleu / self.top * (HEIGHT - TOP - BOTTOM)


def axes(scale):
    out, bleu = [], 0
    while bleu <= scale.top:
        y = scale.y(bleu)
        out.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
                   f'<text class="soft" x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{bleu:g}</text>')
        bleu += scale.step
    out += [f'<text class="soft" x="{scale.x(words):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">'
            f'{words.replace("-", "–")}</text>' for words in scale.words]
    out.append(f'<text class="soft" x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}" text-anchor="middle">'
               "English words in the sentence</text>")
    out.append(f'<text class="soft" x="12" y="{(TOP + HEIGHT - BOTTOM) / 2}" text-anchor="middle" '
               f'transform="rotate(-90 12 {(TOP + HEIGHT - BOTTOM) / 2})">BLEU</text>')
    return out


def curve(scale, buckets, model, number):
    """One model over buckets of one kind: band, line, points."""
    cells = [(scale.x(bucket["words"]), bucket["models"][model]) for bucket in buckets]
    if not cells:
        return []
    band = [(x, scale.y(cell["high"])) for x, cell in cells] + [(x, scale.y(cell["low"])) for x, cell in reversed(cells)]
    places = [(x, scale.y(cell["bleu"])) for x, cell in cells]
    dashed = " joined" if buckets[0]["joined"] else ""
    return [f'<polygon class="band f{number}" points="{path(band)}"/>',
            f'<polyline class="line m{number}{dashed}" points="{path(places)}"/>',
            *(point(STYLES[number][2], x, y, number) for x, y in places)]


def names(texts, y):
    """Beside their points, in a row: the models in the order of STYLES."""
    places = [(number, LEFT + 4 + 104 * number, text) for number, text in enumerate(texts)]
    return [point(STYLES[number][2], x, y, number) + f'<text x="{x + 10}" y="{y + 4}">{escape(text)}</text>'
            for number, x, text in places]


def document(title, height, parts):
    """-> the text of an SVG file"""
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
            f'role="img">\n<title>{escape(title)}</title>\n<style>\n{css()}\n</style>\n' + "\n".join(parts) + "\n</svg>\n")


def legend(title, models):
    out = [f'<text class="title" x="{LEFT}" y="18">{escape(title)}</text>']
    out += names(models.values(), 36)
    out.append(f'<text class="soft" x="{WIDTH - RIGHT}" y="18" text-anchor="end">dashed: lines joined</text>')
    return out


def draw(panel, models):
    scale = Scale(panel)
    parts = [*legend(panel["title"], models), *axes(scale)]
    for joined in (True, False):
        buckets = [bucket for bucket in panel["buckets"] if bucket["joined"] == joined]
        for number, model in enumerate(models):
            parts += curve(scale, buckets, model, number)
    return document(f"BLEU by sentence length: {panel['title']}", HEIGHT, parts)
