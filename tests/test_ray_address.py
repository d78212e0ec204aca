"""Where a cluster of Ray is said to be, but is not, or wants a token, one line says so."""

import socket
import sys
from importlib import import_module
from types import ModuleType

import pytest

from repunet.errors import UsageError


@pytest.fixture
def distributed(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the module that plays on Ray, with a Ray that does nothing where there is none."""
    exceptions = ModuleType("ray.exceptions")
    exceptions.RayError = type("RayError", (Exception,), {})  # type: ignore[attr-defined]
    for name, module in (("ray", ModuleType("ray")), ("ray.exceptions", exceptions)):
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.delitem(sys.modules, "repunet.experiment.distributed", raising=False)
    module = import_module("repunet.experiment.distributed")
    sys.modules.pop("repunet.experiment.distributed")
    return module


@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_an_address_where_nobody_listens_is_said_at_once(
    scheme: str, distributed: ModuleType
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        with pytest.raises(UsageError, match="no cluster answers at RAY_ADDRESS=.*:" + str(port)):
            distributed.require_reachable(f"{scheme}127.0.0.1:{port}")


def test_an_address_where_somebody_listens_is_left_to_ray(distributed: ModuleType) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        distributed.require_reachable(f"127.0.0.1:{server.getsockname()[1]}")
    distributed.require_reachable("auto")


def test_a_cluster_that_wants_a_token_is_said_to(distributed: ModuleType) -> None:
    said = distributed.refused("10.0.0.1:6379", RuntimeError("Token authentication is enabled"))
    assert "RAY_AUTH_TOKEN" in str(said)
    other = distributed.refused("", RuntimeError("The node\ntimed out"))
    assert str(other).startswith("Ray can't be used (The node timed out): check RAY_ADDRESS")


def test_a_cluster_that_only_fails_to_connect_may_want_a_token(distributed: ModuleType) -> None:
    said = str(distributed.refused("10.0.0.1:6379", ConnectionError("Failed to connect")))
    assert "does not let us in (Failed to connect)" in said
    assert "RAY_AUTH_TOKEN" in said
