"""Two processes of torch.distributed do what one does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from geocolor.curvature import Curvature

distributed = pytest.mark.skipif(
    not torch.distributed.is_available() or not torch.distributed.is_gloo_available(),
    reason="torch has no gloo",
)


@distributed
def test_curvature_and_recovery_are_those_of_one_process(tmp_path: Path) -> None:
    script = Path(__file__).with_name("two_processes.py")
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    workers = [
        subprocess.Popen([sys.executable, str(script), str(tmp_path), str(number)], env=environment)
        for number in (-1, 0, 1)
    ]
    assert [worker.wait(timeout=300) for worker in workers] == [0, 0, 0]
    one = Curvature.load(tmp_path / "one.curvature")
    trained = load_file(tmp_path / "one.model")
    for number in range(2):
        two = Curvature.load(tmp_path / f"two{number}.curvature")
        assert (two.tokens, two.outputs) == (one.tokens, one.outputs) == (50, 50)
        for name, factors in one.factors.items():
            torch.testing.assert_close(
                two.factors[name].inputs, factors.inputs, rtol=1e-6, atol=1e-9
            )
            torch.testing.assert_close(
                two.factors[name].gradients, factors.gradients, rtol=1e-6, atol=1e-9
            )
        for name, value in load_file(tmp_path / f"two{number}.model").items():
            torch.testing.assert_close(value, trained[name], rtol=1e-4, atol=1e-6)
    assert (tmp_path / "two.state").is_file()
