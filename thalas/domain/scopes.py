"""What a key of the HTTP API may be allowed to do."""

SCOPES = frozenset(
    {
        "risk:read",
        "runs:read",
        "runs:write",
        "voters:read",
        "voters:write",
        "budgets:read",
        "budgets:write",
        "schedules:read",
        "schedules:write",
        "watchlists:read",
        "watchlists:write",
        "switch:read",
        "switch:trip",
        "switch:release",
        "webhooks:read",
        "webhooks:write",
        "audit:read",
        "health:read",
    }
)
