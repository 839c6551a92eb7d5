"""How much memory the values of a run take together, when each lives from the step that makes it to the last one that
reads it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from server.engine.footprint.arena import Arena


@dataclass(frozen=True)
class Step:
    """One kernel: it makes ``outputs`` of ``inputs`` and takes ``workspace`` bytes meanwhile. It may write its first
    output over one of ``overwritten``, if nobody reads that later; ``renames`` says that it gives on its first input's
    memory as it is."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    workspace: int = 0
    overwritten: tuple[str, ...] = ()
    renames: bool = False


@dataclass
class Lifetimes:
    """Follows steps in order. ``sizes`` has the bytes of every value, ``kept`` those that live to the end, and
    ``alive`` the bytes that live now."""

    sizes: Mapping[str, int]
    kept: frozenset[str]
    uses: Counter[str]
    alive: int = 0
    most: int = 0
    memories: dict[str, str] = field(default_factory=dict)  # by value: the first that lay in the same memory
    lodgers: Counter[str] = field(default_factory=Counter)  # by memory: how many values in it are wanted yet
    chunks: dict[str, tuple[int, int, int]] = field(default_factory=dict)  # by memory: where it lies in the arena
    arena: Arena | None = None


def peak_bytes(steps: Sequence[Step], sizes: Mapping[str, int], kept: Iterable[str], arena: Arena | None = None) -> int:
    """The most that lives at a time. Values without a size are not made in the run and count nothing."""
    uses = Counter(name for step in steps for name in set(step.inputs))
    state = Lifetimes(sizes, frozenset(kept), uses, arena=arena)
    for step in steps:
        _make(state, step)
        state.most = max(state.most, state.alive + step.workspace)
        if arena and step.workspace:
            arena.free(arena.allocate(step.workspace))
        for name in set(step.inputs):
            state.uses[name] -= 1
            _leave(state, name)
        for name in step.outputs:
            _leave(state, name)
    return state.most


def _make(state: Lifetimes, step: Step) -> None:
    taken = _taken_over(state, step)
    for number, name in enumerate(step.outputs):
        if number == 0 and taken is not None:
            state.memories[name] = state.memories[taken]
        else:
            state.memories[name] = name
            state.alive += state.sizes.get(name, 0)
            if state.arena and state.sizes.get(name):
                state.chunks[name] = state.arena.allocate(state.sizes[name])
        state.lodgers[state.memories[name]] += 1


def _taken_over(state: Lifetimes, step: Step) -> str | None:
    """The input whose memory the first output takes over, if there is one."""
    (first, *_), made = (*step.outputs, ""), [name for name in step.inputs if name in state.memories]
    if step.renames and step.inputs and step.inputs[0] in state.memories:
        return step.inputs[0]
    for name in step.overwritten:
        is_last = state.uses[name] == 1 and state.lodgers[state.memories.get(name, "")] == 1 and name not in state.kept
        if name in made and is_last and state.sizes.get(name) == state.sizes.get(first) and first not in state.kept:
            return name
    return None


def _leave(state: Lifetimes, name: str) -> None:
    if state.uses[name] == 0 and name in state.memories and name not in state.kept:
        memory = state.memories.pop(name)
        state.lodgers[memory] -= 1
        if state.lodgers[memory] == 0:
            state.alive -= state.sizes.get(memory, 0)
            if state.arena and memory in state.chunks:
                state.arena.free(state.chunks.pop(memory))
