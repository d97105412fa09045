import math

from hypothesis import given
from hypothesis import strategies as st

from thalas import charts
from thalas.charts import HEIGHT, MARGIN, WIDTH

prices = st.floats(min_value=1e-6, max_value=1e12)


def points(chart: charts.Chart) -> list[tuple[float, float]]:
    pairs = [pair.split(",") for pair in chart.points.split()]
    return [(float(x), float(y)) for x, y in pairs]


@given(closes=st.lists(prices, min_size=1, max_size=60), stop=prices, target=prices)
def test_everything_drawn_lies_inside_the_picture(closes: list[float], stop: float, target: float) -> None:
    chart = charts.draw("BTC/USD 1d", closes, {"stop": stop, "target": target})
    ys = [y for _, y in points(chart)] + [float(level.y) for level in chart.levels if level.y]
    assert len(points(chart)) == len(closes)
    assert all(math.isfinite(y) and MARGIN <= y <= HEIGHT - MARGIN for y in ys)
    assert all(MARGIN <= x <= WIDTH - MARGIN for x, _ in points(chart))


def test_a_higher_close_is_drawn_higher() -> None:
    # 600 × 160 with a margin of 10: the lowest close lies at y = 150, the highest at y = 10
    chart = charts.draw("BTC/USD 1d", [100.0, 110.0, 105.0], {})
    assert points(chart) == [(10.0, 150.0), (300.0, 10.0), (590.0, 80.0)]
    assert (chart.last_x, chart.last_y) == ("590.0", "80.0")


def test_a_level_nearby_widens_the_picture() -> None:
    # 90..110 is 20 high: the stop at 90 lies at the bottom, 100 in the middle
    chart = charts.draw("BTC/USD 1d", [100.0, 110.0], {"stop": 90.0})
    assert [level.y for level in chart.levels] == ["150.0"]
    assert points(chart)[0] == (10.0, 80.0)


def test_a_level_far_away_is_named_and_not_drawn() -> None:
    # the closes span 10; 131 is more than 2 × 10 above 110
    chart = charts.draw("BTC/USD 1d", [100.0, 110.0], {"target": 131.0})
    assert [(level.price, level.y) for level in chart.levels] == [("131.00", "")]
    assert points(chart) == [(10.0, 150.0), (590.0, 10.0)]


def test_a_price_that_never_moved_is_a_line_in_the_middle() -> None:
    assert [y for _, y in points(charts.draw("X 1d", [5.0, 5.0], {}))] == [80.0, 80.0]


def test_the_title_says_in_words_what_is_drawn() -> None:
    chart = charts.draw("BTC/USD 1d", [100.0, 110.0, 105.0], {"stop": 95.0})
    assert (
        chart.title == "BTC/USD 1d: 3 closes from 100.00 to 105.00, between 100.00 and 110.00, stop at 95.00"
    )
