from collections.abc import Iterator

import pytest

from .simulated import Simulated, simulate


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Threads of networks this small only wait for each other."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def simulated() -> Simulated:
    return simulate()
