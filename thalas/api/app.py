"""The HTTP API: its routers, its OpenAPI document and its pages."""

from typing import Any

from ninja import NinjaAPI, Router, Swagger
from ninja.openapi.schema import OpenAPISchema

from thalas.api import documents, problems
from thalas.api.bodies import JsonParser
from thalas.api.doors import Door, must_be_door
from thalas.api.renderers import JsonRenderer


class Api(NinjaAPI):
    """ninja's API with our errors in its document; takes no router whose routes declare no scope."""

    def add_router(self, prefix: str, router: Router | str, **options: Any) -> None:
        """Mount *router*.

        Raises:  TypeError if it is not a Door.
        """
        super().add_router(prefix, router, **options)
        must_be_door(prefix, self._router_registrations[-1][1])

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """Return the document, with what every operation shares."""
        return documents.completed(super().get_openapi_schema(**options))


api = Api(
    title="Thalas",
    version="1.0.0",
    description=documents.DESCRIPTION,
    docs=Swagger({"persistAuthorization": False, "validatorUrl": None}),
    urls_namespace="api",
    parser=JsonParser(),
    renderer=JsonRenderer(),
    default_router=Door(),
)
problems.install(api)
api.add_router("/v1/runs", "thalas.api.runs.router")
api.add_router("/v1/strategies", "thalas.api.strategies.router")
api.add_router("/v1/risk", "thalas.api.risk.router")
api.add_router("/v1/voters", "thalas.api.voters.router")
api.add_router("/v1/budgets", "thalas.api.budgets.router")
api.add_router("/v1/schedules", "thalas.api.schedules.router")
api.add_router("/v1/watchlists", "thalas.api.watchlists.router")
api.add_router("/v1/kill-switch", "thalas.api.kill_switch.router")
api.add_router("/v1/audit", "thalas.api.audits.router")
api.add_router("/v1/webhooks", "thalas.api.webhooks.router")
api.add_router("", "thalas.api.health.router")
