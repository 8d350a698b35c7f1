"""search.html: one self-contained page that shows how a search went and which values mattered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

from jinja2 import Environment, StrictUndefined

from primum.errors import InputError

Language = Literal["en", "zh"]

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 720, 260, 64, 36, 12

_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "title": "Search",
        "best": "Best values",
        "best_says": "Trial {trial} had the lowest loss on the validation split: {value}. "
        "The test split was not looked at.",
        "history": "How the search went",
        "history_says": "Each dot is one finished trial; the line is the lowest loss so far.",
        "importance": "Which values mattered",
        "importance_says": "Share of the loss's variance that each value explains (functional ANOVA).",
        "importance_none": "Too few trials are complete to tell which values mattered.",
        "trials": "Every trial",
        "trial": "trial",
        "state": "state",
        "loss": "loss on validation",
        "seconds": "seconds",
        "key": "key",
        "value": "value",
        "share": "share",
        "repeats": "as trial {trial}",
        "complete": "complete",
        "pruned": "stopped early",
        "fail": "failed",
        "running": "running",
        "waiting": "waiting",
    },
    "zh": {
        "title": "超参数搜索",
        "best": "最佳取值",
        "best_says": "第 {trial} 次试验在验证集上的损失最低:{value}。搜索过程未使用测试集。",
        "history": "搜索过程",
        "history_says": "每个点是一次完成的试验;折线为到目前为止的最低损失。",
        "importance": "哪些取值重要",
        "importance_says": "各取值所解释的损失方差比例(函数方差分析)。",
        "importance_none": "完成的试验太少,无法判断哪些取值重要。",
        "trials": "全部试验",
        "trial": "试验",
        "state": "状态",
        "loss": "验证集损失",
        "seconds": "秒",
        "key": "键",
        "value": "取值",
        "share": "比例",
        "repeats": "同第 {trial} 次试验",
        "complete": "完成",
        "pruned": "提前停止",
        "fail": "失败",
        "running": "进行中",
        "waiting": "等待",
    },
}

_PAGE = """<!doctype html>
<html lang="{{ lang }}">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{ t.title }} · {{ found.study }}</title>
<style>
:root { --ink: #1c2733; --soft: #55616e; --paper: #fff; --line: #d5dbe1; --accent: #0b6477; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6ebf0; --soft: #a5b1bd; --paper: #12181f; --line: #36414d; --accent: #5cc4d8; }
}
@media print { :root { --ink: #000; --soft: #333; --paper: #fff; --line: #bbb; --accent: #0b6477; } }
body { font: 16px/1.55 system-ui, "Noto Sans CJK SC", "PingFang SC", sans-serif; color: var(--ink);
  background: var(--paper); max-width: 52rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { font-size: 1.8rem; margin: 0 0 .25rem; } h2 { font-size: 1.2rem; margin: 2.5rem 0 .25rem; }
p { color: var(--soft); margin: .25rem 0 .75rem; max-width: 40rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); font-size: .9rem; }
th { color: var(--soft); font-weight: 600; } td.n, th.n { text-align: right; }
code { font: .9em ui-monospace, monospace; } svg { width: 100%; height: auto; display: block; }
svg text { fill: var(--soft); font-size: 12px; } .axis { stroke: var(--line); }
.dot { fill: var(--accent); opacity: .55; }
.low { fill: none; stroke: var(--accent); stroke-width: 2; } .bar { fill: var(--accent); }
tr.best td { font-weight: 700; }
</style>
</head>
<body>
<main>
<h1>{{ t.title }}: {{ found.study }}</h1>
<p>{{ t.best_says.format(trial=found.best.trial, value=short(found.best.value)) }}</p>
<h2>{{ t.best }}</h2>
<table><thead><tr><th scope="col">{{ t.key }}</th><th scope="col">{{ t.value }}</th></tr></thead><tbody>
{% for key, value in found.best["values"].items() %}<tr><td><code>{{ key }}</code></td><td>{{ short(value) }}</td></tr>
{% endfor %}</tbody></table>
<h2>{{ t.history }}</h2>
<p>{{ t.history_says }}</p>
<svg viewBox="0 0 {{ width }} {{ height }}" role="img" aria-label="{{ t.history_says }}">
{% for tick in history.ticks %}<line class="axis" x1="{{ left }}" x2="{{ width }}" y1="{{ tick.y }}" y2="{{ tick.y }}"/>
<text x="{{ left - 8 }}" y="{{ tick.y + 4 }}" text-anchor="end">{{ tick.label }}</text>
{% endfor %}
{% for dot in history.dots %}<circle class="dot" r="4.5" cx="{{ dot.x }}" cy="{{ dot.y }}">
<title>{{ dot.title }}</title></circle>
{% endfor %}
<polyline class="low" points="{{ history.line }}"/>
<text x="{{ (left + width) / 2 }}" y="{{ height - 4 }}" text-anchor="middle">{{ t.trial }}</text>
</svg>
<h2>{{ t.importance }}</h2>
{% if found.importance %}<p>{{ t.importance_says }}</p>
<table><thead><tr><th scope="col">{{ t.key }}</th><th scope="col" class="n">{{ t.share }}</th><td></td></tr></thead>
<tbody>
{% for key, share in found.importance.items() %}<tr><td><code>{{ key }}</code></td>
<td class="n">{{ "%.0f %%" | format(100 * share) }}</td>
<td style="width:45%"><svg viewBox="0 0 100 6" preserveAspectRatio="none" style="height:.7rem" aria-hidden="true">
<rect class="bar" width="{{ "%.1f" | format(100 * share) }}" height="6"/></svg></td></tr>
{% endfor %}</tbody></table>
{% else %}<p>{{ t.importance_none }}</p>{% endif %}
<h2>{{ t.trials }}</h2>
<div class="scroll"><table><thead><tr><th scope="col" class="n">{{ t.trial }}</th><th scope="col">{{ t.state }}</th>
<th scope="col" class="n">{{ t.loss }}</th><th scope="col" class="n">{{ t.seconds }}</th>
{% for key in found.space %}<th scope="col"><code>{{ key }}</code></th>{% endfor %}</tr></thead><tbody>
{% for trial in found.trials %}<tr{% if trial.trial == found.best.trial %} class="best"{% endif %}>
<td class="n">{{ trial.trial }}</td>
<td>{{ t[trial.state] }}{% if trial.repeats is not none %}, {{ t.repeats.format(trial=trial.repeats) }}{% endif %}</td>
<td class="n">{{ short(trial.value) }}</td><td class="n">{{ short(trial.seconds) }}</td>
{% for key in found.space %}<td>{{ short(trial["values"].get(key)) }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table></div>
</main>
</body>
</html>
"""


def render_search_page(found: Mapping[str, Any], *, lang: str = "en") -> str:
    """Return the page for the content of a search.json whose best trial is known.

    Raises:
        InputError: there are no words in `lang`.
    """
    if lang not in get_args(Language):
        raise InputError(f"lang: expected one of {', '.join(get_args(Language))}, got {lang!r}.")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.from_string(_PAGE).render(
        found=found,
        t=_WORDS[lang],
        lang="zh-Hans" if lang == "zh" else lang,
        short=_short,
        history=_history(found["trials"]),
        width=_WIDTH,
        height=_HEIGHT,
        left=_LEFT,
    )


def _history(trials: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Places of the dots, of the line of lowest losses, and of the ticks, in the picture's units."""
    told = [(trial["trial"], trial["value"]) for trial in trials if trial["value"] is not None]
    low, high = min(value for _, value in told), max(value for _, value in told)
    span = (high - low) or 1.0
    last = max(number for number, _ in told) or 1

    def place(number: float, value: float) -> tuple[float, float]:
        x = _LEFT + 12 + number / last * (_WIDTH - _LEFT - 24)
        return round(x, 1), round(_TOP + (high - value) / span * (_HEIGHT - _TOP - _BOTTOM), 1)

    line, lowest = [], float("inf")
    for number, value in told:
        lowest = min(lowest, value)
        line.append(place(number, lowest))
    dots = [dict(zip("xy", place(number, value), strict=True)) for number, value in told]
    titles = [f"{number}: {_short(value)}" for number, value in told]
    return {
        "dots": [{**dot, "title": title} for dot, title in zip(dots, titles, strict=True)],
        "line": " ".join(f"{x},{y}" for x, y in line),
        "ticks": [{"y": place(0, value)[1], "label": _short(value)} for value in sorted({low, (low + high) / 2, high})],
    }


def _short(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_short(inner)}" for key, inner in value.items())
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)
