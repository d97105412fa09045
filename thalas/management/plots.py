"""A picture of an account's equity, as an SVG file that any browser shows."""

from html import escape

from thalas import charts
from thalas.charts import HEIGHT, WIDTH, Chart, Level
from thalas.selectors.reports import Reading

BELOW = 24.0  # for a line of words under the picture
HEAD = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT + BELOW:g}" role="img" '
    'font-family="sans-serif" font-size="11">'
)


def equity(account: str, reading: Reading) -> str:
    """Return the equity of *account* at each daily close, with its peak and what a bad day would leave."""
    chart = charts.draw(f"Equity of {account}", reading.recent.tolist(), reading.levels)
    parts = [
        HEAD,
        f"<title>{escape(chart.title)}</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
    ]
    parts += [_line(level) for level in chart.levels if level.y]
    words = f"Equity of {account}: {chart.last} now, between {chart.low} and {chart.high} at its daily closes"
    return "\n".join([*parts, *_curve(chart, words), "</svg>", ""])


def _line(level: Level) -> str:
    told, above = escape(f"{level.name} {level.price}"), float(level.y) - 3.0
    return (
        f'<line x1="0" x2="{WIDTH:g}" y1="{level.y}" y2="{level.y}" stroke="#999999" stroke-dasharray="4 4"/>'
        f'<text x="4" y="{above:.1f}" fill="#666666">{told}</text>'
    )


def _curve(chart: Chart, words: str) -> list[str]:
    return [
        f'<polyline points="{chart.points}" fill="none" stroke="#1a5fb4" stroke-width="2"/>',
        f'<circle cx="{chart.last_x}" cy="{chart.last_y}" r="3" fill="#1a5fb4"/>',
        f'<text x="4" y="{HEIGHT + 16.0:g}" fill="#333333">{escape(words)}</text>',
    ]
