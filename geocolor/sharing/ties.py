"""Shared parameters stay shared, whatever is done to a model; what cannot be is not silent.

torch ties parameters by identity and forgets it in two places: a move to another kind of tensor
(``.to("meta")``, ``to_empty``) and ``load_state_dict(assign=True)`` give each holder a parameter of
its own. And a state dict with two values for one parameter loads without a word: the last wins.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from geocolor.errors import ModelError
from geocolor.units import models_of

__all__ = ["Ties", "assert_shared", "keep_ties", "keeps_ties"]

_NAME = "geocolor_ties"

# Where a parameter is held: the module's path, the module, the parameter's name there.
Holder = tuple[str, nn.Module, str]


class Ties(nn.Module):
    """Knows which places hold one parameter, and ties them again when torch has parted them.

    It has no parameters and computes nothing. It is a child of the holder that torch comes to last,
    since torch goes through a module's children, in order, before the module's own parameters: what
    is done to a model is done to it when all other holders are through. Of several models it is a
    child in each that has a holder, so that it is told whichever of them something is done to.

    Parameters
    ----------
    groups : list of list of Holder
        The holders of each shared parameter, in the order in which torch comes to them.
    """

    def __init__(self, groups: list[list[Holder]]) -> None:
        super().__init__()
        # In a list, modules are no children, and parameters not registered.
        self.groups = groups
        self._shared = [first._parameters[name] for (_, first, name), *_ in groups]

    def tie(self) -> None:
        """Give all holders of a group the parameter that is new to one of them, if one is."""
        for at, group in enumerate(self.groups):
            holders = [
                (module._parameters, name)
                for _, module, name in group
                # A parametrized module has none of the name any more.
                if module._parameters.get(name) is not None
            ]
            old = self._shared[at]
            shared = next((held[name] for held, name in holders if held[name] is not old), old)
            for held, name in holders:
                held[name] = shared
            self._shared[at] = shared

    def forward(self, x: Any) -> Any:
        """Give back what it is given: a module may call its children in turn."""
        return x

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Ties:
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self.tie()
        return self

    def _load_from_state_dict(self, *arguments: Any) -> None:
        super()._load_from_state_dict(*arguments)
        self.tie()

    def extra_repr(self) -> str:
        """Count the shared parameters."""
        return f"{len(self.groups)} shared parameters"


def keep_ties(model: nn.Module) -> None:
    """Have a model keep the ties it has now, its own as well as those of a plan.

    Parameters
    ----------
    model : torch.nn.Module
        Changed in place: its last holder of a shared parameter, or a module after it, gets a child
        without parameters. Where no parameter is shared, none does.
    """
    order = [
        (path, module)
        for path, module in _children_first(model)
        # A scripted module has its own for good.
        if not isinstance(module, torch.jit.ScriptModule)
    ]
    held: dict[int, list[Holder]] = {}
    for path, module in order:
        module._modules.pop(_NAME, None)
        for name, parameter in module._parameters.items():
            if parameter is not None:
                held.setdefault(id(parameter), []).append((path, module, name))
    groups = [holders for holders in held.values() if len(holders) > 1]
    parts = list(models_of(model).values())
    if groups:
        ties = Ties(groups)
        holders = {id(module) for group in groups for _, module, _ in group}
        for part in parts:
            _place(ties, part, holders)
    for knowing in {id(one): one for one in (model, *parts)}.values():
        if not _has_hook(knowing):
            knowing.register_load_state_dict_pre_hook(  # type: ignore[no-untyped-call]
                _require_one_value
            )


def _place(ties: Ties, model: nn.Module, holders: Collection[int]) -> None:
    """Put ties where torch comes to them after the last of a model's holders, if it has any."""
    order = [
        module
        for _, module in _children_first(model)
        if not isinstance(module, torch.jit.ScriptModule)
    ]
    last = max((at for at, module in enumerate(order) if id(module) in holders), default=None)
    if last is not None:
        # Before the last holder will do, after a first one: what torch comes to is tied then.
        places = order[last:] + order[last::-1]
        next(filter(_has_room, places), model).add_module(_NAME, ties)


def _children_first(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Go through a model in the order in which torch converts it, to each module once."""
    seen: set[int] = set()

    def through(path: str, module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
        seen.add(id(module))
        for name, child in module.named_children():
            if id(child) not in seen:
                yield from through(f"{path}.{name}" if path else name, child)
        yield path, module

    return through("", model)


def _has_room(module: nn.Module) -> bool:
    """Whether one more child changes nothing of what a module computes: containers call theirs."""
    return not isinstance(module, nn.Sequential | nn.ModuleList | nn.ModuleDict)


def keeps_ties(model: nn.Module) -> bool:
    """Whether a model, or one inside, was made to keep its ties, be there any or none."""
    return any(_has_hook(module) for module in model.modules())


def _has_hook(module: nn.Module) -> bool:
    return any(
        getattr(hook, "hook", None) is _require_one_value
        for hook in module._load_state_dict_pre_hooks.values()
    )


def assert_shared(model: nn.Module) -> None:
    """Require that what shared parameters when a model was compressed or loaded still does.

    Parameters
    ----------
    model : torch.nn.Module
        From :func:`geocolor.compress` or :func:`geocolor.load`, or a module around it.

    Raises
    ------
    ModelError
        Two layers that shared a parameter have one each, a layer was replaced, or the model is
        not one of geocolor's.

    Examples
    --------
    >>> import torch
    >>> from geocolor import compress
    >>> layers = [torch.nn.Linear(8, 8), torch.nn.Linear(8, 8)]
    >>> model = compress(torch.nn.Sequential(*layers), [torch.randn(64, 8)], keep=0.5).model
    >>> assert_shared(model)
    """
    modules = dict(model.named_modules())
    there = {id(module) for module in modules.values()}
    if not keeps_ties(model):
        raise ModelError(
            f"{type(model).__name__} does not know what it shares; is it from geocolor.compress "
            "or geocolor.load?"
        )
    records = [module for module in modules.values() if isinstance(module, Ties)]
    for record in records:
        for (path, first, name), *others in record.groups:
            shared = first._parameters.get(name)
            for other_path, module, other in others:
                if module._parameters.get(other) is not shared:
                    raise ModelError(f"{path}.{name} and {other_path}.{other} share no longer")
            for other_path, module, _ in ((path, first, name), *others):
                if id(module) not in there:
                    raise ModelError(
                        f"{other_path} is not in the model any more, or is in another of several "
                        "models: then ask about all of them together"
                    )


def _require_one_value(
    module: nn.Module,
    state_dict: Mapping[str, Any],
    prefix: str,
    _metadata: Any,
    _strict: bool,
    _missing: list[str],
    _unexpected: list[str],
    errors: list[str],
) -> None:
    """Report, before loading, a shared parameter that a state dict has several values for."""
    paths = {id(one): f"{path}." if path else "" for path, one in module.named_modules()}
    for record in module.modules():
        if not isinstance(record, Ties):
            continue
        for group in record.groups:
            # Of several models one may be loaded by itself.
            names = [f"{paths[id(one)]}{name}" for _, one, name in group if id(one) in paths]
            found = [name for name in names if prefix + name in state_dict]
            for name in found[1:]:
                value, other = state_dict[prefix + found[0]], state_dict[prefix + name]
                if value is not other and not _equal(value, other):
                    errors.append(
                        f"{found[0]} and {name} are one parameter, but have two values in the "
                        "state dict: is it of a model that is not shared?"
                    )
                    break


def _equal(value: Tensor, other: Tensor) -> bool:
    if value.is_meta or other.is_meta:
        return value.shape == other.shape
    return torch.equal(value, other)
