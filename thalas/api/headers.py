"""What every answer of the API carries, errors too: a browser runs, frames and keeps nothing of it."""

from django.http.response import HttpResponseBase

JSON_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
# The pages load their scripts and styles from the house itself and ask it for the document.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
ALWAYS = {
    "Content-Security-Policy": JSON_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Answers depend on the key and on the moment; no cache on the way may keep one.
    "Cache-Control": "no-store",
}


def secure(response: HttpResponseBase) -> None:
    """Put the headers on *response*; a policy that a page has set itself stays."""
    is_page = response.headers.get("Content-Type", "").startswith("text/html")
    for name, value in ALWAYS.items():
        response[name] = value
    if is_page:
        response["Content-Security-Policy"] = PAGE_POLICY
