"""For tests of programs that use daffi: a controller and any number of nodes in one process, over a private socket.

    pytest_plugins = ["daffi.testing"]

    def test_sum(daffi_cluster):
        service, client = daffi_cluster.node("service"), daffi_cluster.node("client")
        service.callback(add)
        assert client.call.add(1, 2) & FG == 3
"""

import shutil
import tempfile

from . import _registered
from ._functions import CallbackFunction, check_function
from ._global import Global

__all__ = ["Cluster", "Node"]


class Node(Global):
    """A Global of a test: outside of the rule of one per process, with callbacks of its own."""

    _private = True

    def callback(self, function, name=None):
        """Offers a function to the other nodes; returns when they know it."""
        if isinstance(function, CallbackFunction):
            name, function = name or function.alias, function.wrapped
        if name is None:
            check_function(function, "callback")
            name = function.__name__
        self._live_core().add(_registered.make_handler(name, function))
        self._be_known()
        return function

    def _be_known(self):
        # A process is told what this one has announced before it is asked anything by it.
        for process, *_ in self._live_core().members():
            self.get_scheduled_tasks(process)


class Cluster:
    """A controller and its nodes. With ``with Cluster() as cluster:`` all are stopped at the end."""

    def __init__(self, **options):
        self._folder = tempfile.mkdtemp(prefix="daffi-test-")
        self._nodes = []
        self.controller = Node("controller", init_controller=True, unix_sock_path=self._folder, **options)
        self._nodes.append(self.controller)

    def node(self, process_name=None, **options):
        """One more node, connected and known to the others."""
        made = Node(process_name, unix_sock_path=self._folder, **options)
        self._nodes.append(made)
        made._be_known()
        return made

    def stop(self):
        """Stops all of them, the controller last."""
        for node in reversed(self._nodes):
            node.stop(0)
            node._core.close()
        self._nodes.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


try:
    import pytest
except ImportError:
    pass
else:

    @pytest.fixture
    def daffi_cluster():
        """A Cluster that is stopped after the test."""
        with Cluster() as cluster:
            yield cluster

    __all__ += ["daffi_cluster"]
