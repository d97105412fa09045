"""Beat's scheduler, made to go on whatever its own clock and those of other beats say.

Several beats share django-celery-beat's rows. A row keeps when *some* beat last sent it, by that
beat's clock; one that lies ahead of ours would keep us silent until we have caught up with it.
"""

import time
from datetime import datetime

from celery.schedules import schedstate
from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry

# A wall clock that falls behind the monotonic one by more than this has been set back.
SET_BACK_S = 1.0


class SteadyEntry(ModelEntry):  # type: ignore[misc]
    """A row of beat's table that does not wait for a moment at which another beat has sent it."""

    last_run_at: datetime

    def is_due(self) -> schedstate:
        """Say whether to send now; a last time that lies in our future is none of ours."""
        self.last_run_at = min(self.last_run_at, self._default_now())
        state: schedstate = super().is_due()
        return state


class SteadyScheduler(DatabaseScheduler):  # type: ignore[misc]
    """django-celery-beat's scheduler on clocks that are apart, or are set back."""

    Entry = SteadyEntry
    _offset_s: float | None = None

    def tick(self, *args: object, **kwargs: object) -> float:
        """Send what is due; where our clock has been set back, plan anew instead of waiting for it."""
        offset_s = time.time() - time.monotonic()
        if self._offset_s is not None and offset_s < self._offset_s - SET_BACK_S:
            self._heap = None
        self._offset_s = offset_s
        return float(super().tick(*args, **kwargs))

    def schedule_changed(self) -> bool:
        """Say whether rows were changed, also by somebody whose clock is behind the last one's."""
        before = self._last_timestamp
        return bool(super().schedule_changed()) or before not in (None, self._last_timestamp)
