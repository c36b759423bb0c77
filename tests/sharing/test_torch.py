"""What torch's own tools make of a model that shares: the same outputs, each parameter once."""

from __future__ import annotations

import math
import os
import socket
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import geocolor
from geocolor.sharing import GroupPlan, GroupWeights, SharingPlan, apply_plan, keep_ties

PLAN = SharingPlan(
    (
        GroupPlan(("layers.0", "layers.1"), "basis", "read", 2),
        GroupPlan(("layers.2", "layers.3"), "tied", "read"),
        GroupPlan(("images.0", "images.1"), "basis", "write", 3),
        GroupPlan(("images.2", "images.3"), "residual", "read", 2),
    )
)


class Network(nn.Module):
    """Convolutions and then Linear layers."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.images = nn.Sequential(*(nn.Conv2d(4, 4, 3, padding=1) for _ in range(4)))
            self.layers = nn.Sequential(*(nn.Linear(4, 4) for _ in range(4)))

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.tanh(self.images(x)).mean((2, 3))
        output: Tensor = self.layers(hidden)
        return output


def shared() -> Network:
    model = Network().eval()
    generator = torch.Generator().manual_seed(1)

    def random(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator) / 3

    apply_plan(
        model,
        PLAN,
        {
            ("layers.0", "layers.1"): GroupWeights(
                random(2, 4), {f"layers.{i}": random(4, 2) for i in range(2)}
            ),
            ("layers.2", "layers.3"): GroupWeights(random(4, 4), {}),
            ("images.0", "images.1"): GroupWeights(
                random(4, 3), {f"images.{i}": random(3, 36) for i in range(2)}
            ),
            ("images.2", "images.3"): GroupWeights(
                random(4, 36),
                {},
                differences={f"images.{i}": (random(4, 2), random(2, 36)) for i in (2, 3)},
            ),
        },
    )
    keep_ties(model)
    return model


X = torch.randn(6, 4, 5, 5, generator=torch.Generator().manual_seed(2))


def numbers(parameters: object) -> int:
    return sum({p.data_ptr(): p.numel() for p in parameters}.values())


def test_an_exported_program_says_the_same_and_holds_each_parameter_once():
    model = shared()
    batch = torch.export.Dim("batch", min=2)
    program = torch.export.export(model, (X,), dynamic_shapes=({0: batch},))
    torch.testing.assert_close(program.module()(X[:3]), model(X[:3]))
    assert numbers(program.state_dict.values()) == numbers(model.parameters())


def test_a_compiled_model_is_one_graph_that_learns_as_the_model_does():
    model, other = shared(), shared()
    # Capture is what sharing could break; code is generated from the graph alone.
    compiled = torch.compile(other, fullgraph=True, backend="aot_eager")
    for each in (model, compiled):
        each(X).square().sum().backward()
    for (name, parameter), (_, same) in zip(
        model.named_parameters(), other.named_parameters(), strict=True
    ):
        torch.testing.assert_close(parameter.grad, same.grad, msg=name)
    geocolor.assert_shared(compiled)


@pytest.mark.slow
def test_onnx_says_the_same_and_stores_each_parameter_once(tmp_path):
    pytest.importorskip("onnxscript")
    onnx = pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    model, path = shared(), tmp_path / "model.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model, (X,), path, dynamo=True, external_data=False, optimize=False, verbose=False
        )
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {session.get_inputs()[0].name: X.numpy()})
    torch.testing.assert_close(torch.from_numpy(found), model(X).detach())
    stored = onnx.load(path).graph.initializer
    floats = [math.prod(each.dims) for each in stored if each.data_type == onnx.TensorProto.FLOAT]
    assert sum(floats) == sum(value.numel() for value in model.parameters())


def gradients(model: nn.Module, x: Tensor) -> dict[str, Tensor]:
    model(x).square().mean().backward()
    return {name: parameter.grad for name, parameter in model.named_parameters()}


def rank(number: int, port: int, folder: Path) -> None:
    """One of two processes, each with half of the samples."""
    from safetensors.torch import save_file

    torch.set_num_threads(1)
    model = shared()
    torch.distributed.init_process_group(
        "gloo", init_method=f"tcp://127.0.0.1:{port}", rank=number, world_size=2
    )
    parallel = nn.parallel.DistributedDataParallel(model)
    optimizer = torch.optim.SGD(parallel.parameters(), lr=0.1)
    found = gradients(parallel, X[3 * number : 3 * number + 3])
    kept = {name.removeprefix("module."): gradient.clone() for name, gradient in found.items()}
    optimizer.step()
    geocolor.assert_shared(parallel)
    after = {f"after.{name}": value.detach() for name, value in model.named_parameters()}
    save_file({**kept, **after}, folder / f"{number}.safetensors")
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


@pytest.mark.skipif(not torch.distributed.is_available(), reason="torch without distributed")
def test_two_processes_learn_what_one_does(tmp_path):
    from safetensors.torch import load_file

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ranks = [
        subprocess.Popen([sys.executable, __file__, str(number), str(port), str(tmp_path)])
        for number in range(2)
    ]
    assert [process.wait(timeout=120) for process in ranks] == [0, 0]
    first, second = (load_file(tmp_path / f"{number}.safetensors") for number in range(2))
    for name, gradient in gradients(shared(), X).items():
        torch.testing.assert_close(first[name], gradient)
        assert torch.equal(first[f"after.{name}"], second[f"after.{name}"])


if __name__ == "__main__":
    rank(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
    # torch's own threads may abort an interpreter that takes them apart.
    os._exit(0)
