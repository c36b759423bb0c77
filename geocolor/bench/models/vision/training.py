"""The network of the vision benchmark, trained here, the same for a seed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_model, save_file
from torch import Tensor, nn

from geocolor.bench.models.resnet import ResNet
from geocolor.bench.models.vision.images import Images
from geocolor.errors import CheckpointError
from geocolor.io.atomic import atomic_file

__all__ = ["network_inputs", "trained_resnet"]

_WIDTHS = (16, 32, 64)
_BLOCKS = 2
_EPOCHS = 3
_BATCH = 128
_LEARNING_RATE = 0.2
_WEIGHT_DECAY = 5e-4
# Of the training images.
_MEAN, _DEVIATION = 0.2860, 0.3530


def network_inputs(pixels: NDArray[np.uint8]) -> Tensor:
    """Scale images to mean 0 and variance 1 over the training set.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (images, height, width)

    Returns
    -------
    Tensor of float32, shape (images, 1, height, width)
    """
    scaled = torch.tensor(pixels).float() / 255
    return ((scaled - _MEAN) / _DEVIATION)[:, None]


def trained_resnet(
    cache: Path, train: Images, *, seed: int, on_progress: Callable[[int, int, float], None]
) -> ResNet:
    """Give a residual network trained on images; trained on the first call, then from the cache.

    Six blocks, 175,000 parameters; three epochs of SGD with Nesterov's momentum and weight decay,
    one cycle of the learning rate (Smith and Topin, 2017), images mirrored at random, bfloat16
    arithmetic on float32 weights. The order of a sum depends on the number of threads, and so do
    the last bits of the weights.

    Parameters
    ----------
    cache : Path
        Folder for the trained weights.
    train : Images
        To train on.
    seed : int
        Of the initial weights, the order of the images and their mirroring.
    on_progress : callable
        Told the steps done, the steps in all and the loss of the last step, in nats.

    Returns
    -------
    ResNet
        In eval mode.

    Raises
    ------
    CheckpointError
        The file in the cache is damaged or of another network.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = ResNet(1, 10, _WIDTHS, _BLOCKS)
    path = cache / f"fashion-mnist-resnet-{seed}.safetensors"
    if path.exists():
        try:
            load_model(model, path)
        except (OSError, RuntimeError, SafetensorError) as error:
            raise CheckpointError(
                f"{path} does not hold the network; delete it, and it is trained anew"
            ) from error
        return model.eval()
    _train(model, train, torch.Generator().manual_seed(seed), on_progress)
    with atomic_file(path) as file:
        save_file(
            {name: value.contiguous() for name, value in model.state_dict().items()}, file.name
        )
    return model.eval()


def _train(
    model: nn.Module,
    train: Images,
    generator: torch.Generator,
    on_progress: Callable[[int, int, float], None],
) -> None:
    # Convolutions are a third faster with the channels of a pixel side by side.
    model.train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    labels = torch.tensor(train.labels).long()
    steps = len(labels) // _BATCH
    optimizer = torch.optim.SGD(
        model.parameters(),
        lr=_LEARNING_RATE,
        momentum=0.9,
        nesterov=True,
        weight_decay=_WEIGHT_DECAY,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, _LEARNING_RATE, total_steps=_EPOCHS * steps, pct_start=0.3
    )
    for epoch in range(_EPOCHS):
        order = torch.randperm(len(labels), generator=generator)
        for step in range(steps):
            chosen = order[step * _BATCH : (step + 1) * _BATCH]
            images = network_inputs(train.pixels[chosen.numpy()])
            mirrored = torch.rand(_BATCH, 1, 1, 1, generator=generator) < 0.5
            images = torch.where(mirrored, images.flip(-1), images)
            with torch.autocast("cpu", torch.bfloat16):
                logits = model(images)
            loss = nn.functional.cross_entropy(logits.float(), labels[chosen])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            on_progress(epoch * steps + step + 1, _EPOCHS * steps, loss.item())
    model.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
