"""Which of the trainer's presets and options a caller may give, and how they become a command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from server.errors import Reason, Refusal

PRESETS = ("sincut-quick", "sincut")  # those for single pictures
LONGEST_VALUE = 500  # characters

_EXPECTED = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}

# The options of training.fit that decide what is trained. Those that say where files lie or how the process runs, and
# those that the server gives itself, are not among them.
OPTIONS: Mapping[str, type] = {
    **dict.fromkeys(
        ("load-size", "crop-size", "source-channels", "target-channels", "width", "blocks", "discriminator-width"), int
    ),
    **dict.fromkeys(("head-width", "patches", "bank-size", "batch", "epochs", "images", "seed"), int),
    **dict.fromkeys(("checkpoint-every", "preview-every", "evaluate-every"), int),
    **dict.fromkeys(("checkpoint-seconds", "preview-seconds"), float),
    **dict.fromkeys(("zoom-min", "gan-weight", "nce-weight", "identity-weight", "l1-identity-weight"), float),
    **dict.fromkeys(("r1-weight", "momentum", "temperature", "learning-rate", "beta1", "beta2"), float),
    **dict.fromkeys(("decay-share", "ema"), float),
    **dict.fromkeys(("mirror", "antialias", "antialias-up", "dropout", "head", "identity", "tf32"), bool),
    **dict.fromkeys(("flip-equivariance", "export-best"), bool),
    **dict.fromkeys(("strategy", "zoom-per", "background", "architecture", "encoder", "adversarial", "taps"), str),
    **dict.fromkeys(("negatives", "precision", "channels-last", "compile"), str),
    **dict.fromkeys(("description", "source-domain", "target-domain", "licence"), str),
}


def check_preset(preset: str) -> str:
    """The preset, or the first for an empty one. Raises Refusal."""
    if preset and preset not in PRESETS:
        raise Refusal(
            Reason.BAD_OPTION,
            f"There is no preset {preset[:40]!r} for single pictures; give one of {', '.join(PRESETS)}.",
            field="header.preset",
        )
    return preset or PRESETS[0]


def check_options(given: Mapping[str, str]) -> dict[str, str]:
    """The options with their names as on a command line. Raises Refusal for the first that is not passed on.

    Whether a value makes sense, the trainer says itself.
    """
    checked: dict[str, str] = {}
    for name, value in sorted(given.items()):
        plain = name.replace("_", "-")
        if plain not in OPTIONS:
            raise _refusal(name, f"There is no option {name[:40]!r} that this server passes on to the trainer")
        if not _fits(value, OPTIONS[plain]):
            expected = _EXPECTED[OPTIONS[plain]]
            raise _refusal(name, f"The option {plain} is {value[:40]!r}, but must be {expected}")
        checked[plain] = value
    return checked


def arguments(options: Mapping[str, str]) -> Iterator[str]:
    """Checked options for a command line."""
    for name, value in options.items():
        if OPTIONS[name] is bool:
            yield f"--{name}" if value == "true" else f"--no-{name}"
        else:
            yield f"--{name}={value}"


def _fits(value: str, kind: type) -> bool:
    if len(value) > LONGEST_VALUE or not value.isprintable():
        return False
    if kind is bool:
        return value in ("true", "false")
    try:
        kind(value)
    except ValueError:
        return False
    return True


def _refusal(name: str, problem: str) -> Refusal:
    return Refusal(
        Reason.BAD_OPTION,
        f"{problem}; python -m training.fit --help explains the options, of which those about files are not allowed.",
        field=f"header.options[{name[:40]}]",
    )
