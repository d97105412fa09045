"""What is answered to a browser: one read, one page, nothing written.

What accounts hold is shown to those who may sign in to the admin.
"""

from uuid import UUID

from django.conf import settings
from django.contrib.admin.views.decorators import staff_member_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from providers.errors import MarketError
from thalas import models
from thalas.dashboard import accounts as account_sheets
from thalas.dashboard import standings
from thalas.dashboard.rows import row
from thalas.dashboard.sheets import sheet
from thalas.errors import BadInput, NotFound
from thalas.selectors import budgets, clock, pages, reports, stories


@require_safe
@never_cache
def latest(request: HttpRequest) -> HttpResponse:
    """Show the latest runs, a page at a time."""
    page = pages.runs(request.GET.get("page", "1"))
    context = {
        "standing": _standing(),
        "page": page,
        "rows": [row(glance) for glance in page.glances],
        "newer": page.number - 1,
        "older": page.number + 1 if page.number < page.last else 0,
    }
    return render(request, "dashboard/latest.html", context)


@require_safe
@never_cache
def run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Show the whole story of a run; while it is open the page renews itself."""
    try:
        story = stories.story(run_id)
    except NotFound as error:
        raise Http404(str(error)) from error
    now = clock.now()
    is_overdue = story.run.state == models.Run.State.OPEN and now > story.run.deadline_at
    spent = budgets.of_run(run_id, now=now)
    context = {"standing": _standing(), "sheet": sheet(story, is_overdue=is_overdue, spent=spent)}
    return render(request, "dashboard/run.html", context)


@require_safe
@never_cache
@staff_member_required
def accounts(request: HttpRequest) -> HttpResponse:
    """Show the accounts."""
    found = [account_sheets.row(glance) for glance in reports.glances(now=clock.now())]
    return render(request, "dashboard/accounts.html", {"standing": _standing(), "accounts": found})


@require_safe
@never_cache
@staff_member_required
def account(request: HttpRequest, name: str) -> HttpResponse:
    """Show what an account holds, what that risks, and how much room its limits leave."""
    try:
        report = reports.report(name, now=clock.now())
    except BadInput as error:
        raise Http404(str(error)) from error
    except MarketError as error:
        context = {
            "title": f"Nothing can be said of {name} now",
            "reason": str(error),
            "standing": _standing(),
        }
        return render(request, "dashboard/error.html", context, status=503)
    context = {"standing": _standing(), "sheet": account_sheets.sheet(report)}
    return render(request, "dashboard/account.html", context)


@require_safe
@never_cache
def healthz(_request: HttpRequest) -> HttpResponse:
    """Say that the web server answers; the database is not asked."""
    return HttpResponse("ok", content_type="text/plain; charset=utf-8")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that there is nothing at this address."""
    said = exception.args[0] if exception.args else ""
    reason = said if isinstance(said, str) else ""
    return render(request, "dashboard/error.html", {"title": "Nothing here", "reason": reason}, status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """Say that something broke, without asking the database, which may be what broke."""
    reason = "The page could not be made. `manage.py doctor` says what is up; the log says why."
    return render(request, "dashboard/error.html", {"title": "Something broke", "reason": reason}, status=500)


def _standing() -> standings.Lines:
    return standings.lines(pages.standing(now=clock.now()), flower_url=settings.FLOWER_URL or "")
