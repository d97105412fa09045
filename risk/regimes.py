"""Which weather the market has: does it trend, and how wild is it beside its own history?"""

from dataclasses import dataclass

import numpy as np

from risk.series import FloatArray

TREND, RANGE = "trend", "range"
CALM, NORMAL, STRESSED = "calm", "normal", "stressed"
UNKNOWN = "unknown"
REGIMES = (*(f"{way}_{mood}" for way in (TREND, RANGE) for mood in (CALM, NORMAL, STRESSED)), UNKNOWN)


@dataclass(frozen=True, slots=True)
class Policy:
    """What a regime asks for.

    regime       one of REGIMES
    size_factor  what is left of a size, in [0, 1]
    limits       each limit that it tightens, by name; one looser than the account's own changes nothing
    """

    regime: str
    size_factor: float
    limits: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Where one regime ends and the next begins.

    window      candles that count as now, 2 or more
    history     windows of history that a comparison needs, 2 or more
    efficiency  way made good over way gone, from which on it is a trend, in [0, 1]
    calm, stressed   share of the history that was no wilder than now, in [0, 1]: calm below the one,
                stressed from the other on
    """

    window: int = 14
    history: int = 4
    efficiency: float = 0.4
    calm: float = 0.25
    stressed: float = 0.8


DEFAULTS = Thresholds()


def classify(
    highs: FloatArray, lows: FloatArray, closes: FloatArray, *, thresholds: Thresholds = DEFAULTS
) -> str:
    """Return the regime of the last `window` candles, one of REGIMES.

    highs, lows, closes   shape (candles,), prices above 0, the last candle last
    result   "trend" if the close made good at least `efficiency` of the way it went, else "range"; then
             "stressed" if the average true range, as a fraction of the close, or the volatility of the closes
             is at least as wild as a share of `stressed` of its own history, "calm" if both are below `calm`,
             else "normal"; "unknown" alone for a history that is too short or holds what is no price

    Source:  Kaufman (1995), Smarter Trading (efficiency ratio); Wilder (1978), New Concepts (true range).
    """
    least = thresholds.window * (thresholds.history + 1) + 1
    if not _are_prices(highs, lows, closes, least=least):
        return UNKNOWN
    wildness = (
        _share_no_wilder(_average_true_ranges(highs, lows, closes, thresholds.window)),
        _share_no_wilder(_volatilities(closes, thresholds.window)),
    )
    return f"{_way(closes[-thresholds.window - 1 :], thresholds)}_{_mood(max(wildness), thresholds)}"


def _way(closes: FloatArray, thresholds: Thresholds) -> str:
    gone = float(np.abs(np.diff(closes)).sum())
    made_good = abs(float(closes[-1] - closes[0]))
    return TREND if gone > 0.0 and made_good >= thresholds.efficiency * gone else RANGE


def _mood(wildness: float, thresholds: Thresholds) -> str:
    if wildness >= thresholds.stressed:
        return STRESSED
    return CALM if wildness < thresholds.calm else NORMAL


def _average_true_ranges(highs: FloatArray, lows: FloatArray, closes: FloatArray, window: int) -> FloatArray:
    """Return the plain mean of the true ranges of each window, as a fraction of its last close."""
    before = closes[:-1]
    ranges = np.maximum(highs[1:], before) - np.minimum(lows[1:], before)
    means: FloatArray = np.lib.stride_tricks.sliding_window_view(ranges, window).mean(axis=1)
    return means / closes[window:]


def _volatilities(closes: FloatArray, window: int) -> FloatArray:
    """Return the standard deviation of the log returns of each window."""
    returns = np.diff(np.log(closes))
    deviations: FloatArray = np.lib.stride_tricks.sliding_window_view(returns, window).std(axis=1)
    return deviations


def _share_no_wilder(measures: FloatArray) -> float:
    """Return which share of what came before the last measure was below it; equal ones count by half."""
    now, before = measures[-1], measures[:-1]
    return float((np.count_nonzero(before < now) + 0.5 * np.count_nonzero(before == now)) / len(before))


def _are_prices(*series: object, least: int) -> bool:
    lengths = set()
    for prices in series:
        if not isinstance(prices, np.ndarray) or prices.dtype != np.float64 or prices.ndim != 1:
            return False
        if not (np.isfinite(prices).all() and (prices > 0.0).all()):
            return False
        lengths.add(len(prices))
    return len(lengths) == 1 and lengths.pop() >= least
