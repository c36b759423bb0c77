"""Shared parameters stay shared, whatever is done to a model; what cannot be is not silent.

torch ties parameters by identity and forgets it in two places: a move to another kind of tensor
(``.to("meta")``, ``to_empty``) and ``load_state_dict(assign=True)`` give each holder a parameter of
its own. And a state dict with two values for one parameter loads without a word: the last wins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from geocolor.errors import ModelError

__all__ = ["Ties", "assert_shared", "keep_ties"]

_NAME = "geocolor_ties"

# Where a parameter is held: the module's path, the module, the parameter's name there.
Holder = tuple[str, nn.Module, str]


class Ties(nn.Module):
    """Knows which places hold one parameter, and ties them again when torch has parted them.

    It has no parameters and computes nothing. It is a child of the holder that torch comes to last,
    since torch goes through a module's children, in order, before the module's own parameters: what
    is done to a model is done to it when all other holders are through.

    Parameters
    ----------
    groups : list of list of Holder
        The holders of each shared parameter, in the order in which torch comes to them.
    """

    def __init__(self, groups: list[list[Holder]]) -> None:
        super().__init__()
        # In a list, modules are no children.
        self.groups = groups

    def tie(self) -> None:
        """Give all holders of a group the first one's parameter."""
        for (_, first, name), *others in self.groups:
            for _, module, other in others:
                module._parameters[other] = first._parameters[name]

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
    if groups:
        holders = {id(module) for group in groups for _, module, _ in group}
        last = max(at for at, (_, module) in enumerate(order) if id(module) in holders)
        # Before the last holder will do, after a first one: what torch comes to is tied then.
        places = (module for _, module in order[last:] + order[last::-1])
        place = next(filter(_has_room, places), model)
        place.add_module(_NAME, Ties(groups))
    if not _knows(model):
        model.register_load_state_dict_pre_hook(  # type: ignore[no-untyped-call]
            _require_one_value
        )


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


def _knows(model: nn.Module) -> bool:
    """Whether a model, or one inside, was made to keep its ties."""
    return any(
        getattr(hook, "hook", None) is _require_one_value
        for module in model.modules()
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
    if not _knows(model):
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
                    raise ModelError(f"{other_path} is not in the model any more")


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
    for record in module.modules():
        if not isinstance(record, Ties):
            continue
        for group in record.groups:
            names = [f"{path}.{name}" if path else name for path, _, name in group]
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
