"""A client of one open platform's API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from helpers.cities import Desk
from twinward.api.main import make_api


@pytest.fixture
def client(desk: Desk) -> Iterator[TestClient]:
    with TestClient(make_api(desk.platform), "http://127.0.0.1") as found:
        yield found
