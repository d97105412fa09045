"""`manage.py metrics`: the house in figures for Prometheus, on a port of its own."""

import signal
import threading
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.conf import settings
from prometheus_client import start_http_server

from thalas.management.base import HouseCommand
from thalas.selectors import metrics


class Command(HouseCommand):
    is_service = True
    help = "Serve the house's figures at /metrics until told to stop; open to whoever reaches the port."

    def add_arguments(self, parser: ArgumentParser) -> None:
        usual = settings.HOUSE.thalas_metrics_port
        parser.add_argument("--port", type=int, default=usual, help=f"default {usual}, THALAS_METRICS_PORT")
        parser.add_argument("--host", default="127.0.0.1", help="default 127.0.0.1: this machine only")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()

        def on_signal(_number: int, _frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, on_signal)
        signal.signal(signal.SIGINT, on_signal)
        server, thread = start_http_server(options["port"], addr=options["host"], registry=metrics.registry())
        self.stdout.write(f"figures at http://{options['host']}:{server.server_port}/metrics")
        stop.wait()
        server.shutdown()
        thread.join(timeout=5)
