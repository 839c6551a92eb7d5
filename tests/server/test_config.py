"""Options: where they come from, and what wrong ones are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.config import ServerConfig
from server.engine.provider import Provider
from server.options.kinds import MEMORY
from server.options.loading import ConfigError, load_config


def refusal(*arguments: str, environment: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(arguments, environment or {})
    return str(caught.value)


def write(tmp_path: Path, text: str) -> str:
    file = tmp_path / "server.toml"
    file.write_text(text)
    return str(file)


def test_a_mark_at_the_beginning_is_no_part_of_a_configuration(tmp_path: Path) -> None:
    assert load_config(["--config", write(tmp_path, "\ufeffqueue = 3\n")], {}).queue == 3


def test_the_defaults_are_safe_for_one_artist() -> None:
    config = load_config([], {})
    assert config == ServerConfig()
    assert (config.filters, config.address, config.provider) == (Path("filters"), "127.0.0.1:50051", Provider.AUTO)
    assert (config.max_pixels, config.queue, config.deadline, config.grace) == (8192 * 16384, 16, 3600, 10)
    assert config.is_loopback


def test_the_command_line_goes_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, 'queue = 1\ndeadline = 2\ngrace = 3.5\nfilters = "f"')
    environment = {"PLEINAIR_QUEUE": "10", "PLEINAIR_DEADLINE": "20", "PLEINAIR_REAL_DATA": "somewhere"}
    config = load_config(["--config", file, "--queue", "100"], environment)
    assert (config.queue, config.deadline, config.grace, config.filters) == (100, 20.0, 3.5, Path("f"))


def test_a_switch_stands_alone_or_has_a_value(tmp_path: Path) -> None:
    assert load_config(["--insecure", "--queue", "3"], {}).insecure
    assert load_config([], {"PLEINAIR_INSECURE": "true"}).insecure
    assert load_config(["--config", write(tmp_path, "insecure = true")], {}).insecure
    assert not load_config(["--insecure", "false"], {"PLEINAIR_INSECURE": "true"}).insecure


@pytest.mark.parametrize(("text", "mebibytes"), [("6GiB", 6144), ("6144", 6144), ("1.5 gib", 1536), ("2048KiB", 2)])
def test_memory_is_given_in_any_binary_unit(text: str, mebibytes: int) -> None:
    assert load_config(["--memory", text], {}).memory == mebibytes << 20


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--queue", "many"], "--queue is 'many', but must be a whole number from 1 to 10000."),
        (["--queue", "0"], "--queue is '0', but must be"),
        (["--queue", "1.5"], "--queue is '1.5', but must be"),
        (["--deadline", "0"], "--deadline is '0', but must be a number from 0.1 to 86400."),
        (["--deadline", "nan"], "--deadline is 'nan', but must be"),
        (["--provider", "tpu"], "--provider is 'tpu', but must be one of auto, cpu, cuda, tensorrt."),
        (["--address", "localhost"], "--address is 'localhost', but must be HOST:PORT"),
        (["--address", "localhost:99999"], "--address is"),
        (["--address", "::1:50051"], "--address is"),
        (["--address", ":50051"], "--address is"),
        (["--address", "unix:1"], "--address is 'unix:1', but must be HOST:PORT"),
        (["--address", "unix:/tmp/socket"], "--address is"),
        (["--address", "ipv4:0.0.0.0:1"], "--address is"),
        (["--address", "dns:///0.0.0.0:1"], "--address is"),
        (
            ["--trusted-proxies", "10.0.0.7/24"],
            "--trusted-proxies is '10.0.0.7/24', but must be addresses such as 10.0.0.7, or networks",
        ),
        (["--insecure", "maybe"], "--insecure is 'maybe', but must be true or false."),
        (["--filters", ""], "--filters is '', but must be the path of a folder."),
        (
            ["--memory", "lots"],
            "--memory is 'lots', but must be a size of at least 1 MiB, such as 6GiB, or 6144 for MiB.",
        ),
        (["--memory", "0"], "--memory is '0', but must be"),
        (["--memory", "6GB"], "--memory is '6GB', but must be"),
        (
            ["--warm-up", "256,large"],
            "--warm-up is '256,large', but must be whole numbers from 16 to 8192, separated by commas",
        ),
        (["--warm-up", "256,15"], "--warm-up is '256,15', but must be"),
        (["--warm-up", ""], "--warm-up is '', but must be"),
        (["--tensorrt-cache", ""], "--tensorrt-cache is '', but must be the path of a folder."),
        (["--max-pixels", "0"], "--max-pixels is '0', but must be"),
        (["--training", "maybe"], "--training is 'maybe', but must be one of auto, on, off."),
        (["--training-devices", "cuda:0,gpu"], "--training-devices is 'cuda:0,gpu', but must be auto, cpu, mps, cuda"),
        (["--config", "nowhere.toml"], "nowhere.toml cannot be read (No such file or directory)"),
    ],
)
def test_a_wrong_value_is_told_which_option_and_what_was_expected(arguments: list[str], words: str) -> None:
    assert words in refusal(*arguments)


def test_a_wrong_value_in_the_environment_is_told_so() -> None:
    assert refusal(environment={"PLEINAIR_QUEUE": "x"}).startswith("PLEINAIR_QUEUE is 'x', but must be")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("queue = true", "queue in {file} is 'True', but must be a whole number"),
        ("queue = ", "{file} is not TOML"),
        ("colour = 1", "{file} has the unknown key 'colour'; known keys: filters, address, provider,"),
    ],
)
def test_a_wrong_file_is_told_where(tmp_path: Path, text: str, words: str) -> None:
    file = write(tmp_path, text)
    assert words.format(file=file) in refusal("--config", file)


@pytest.mark.parametrize(
    ("address", "is_loopback"),
    [
        ("localhost:1", True),
        ("127.0.0.1:1", True),
        ("127.8.8.8:1", True),
        ("[::1]:1", True),
        ("LocalHost:1", True),
        ("[::ffff:127.0.0.1]:1", True),
        ("[::ffff:0.0.0.0]:1", False),
        ("[::ffff:192.168.1.2]:1", False),
        ("*:1", False),
        ("0:1", False),
        ("127.1:1", False),
        ("127.0.0.1.example:1", False),
        ("0.0.0.0:1", False),
        ("[::]:1", False),
        ("192.168.1.2:1", False),
        ("studio.example:1", False),
    ],
)
def test_an_address_that_others_can_reach_is_known(address: str, is_loopback: bool) -> None:
    assert load_config(["--address", address], {}).is_loopback is is_loopback


def test_help_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        load_config(["--help"], {})
    text = capsys.readouterr().out
    assert all(f"--{name}" in text for name in ("filters", "address", "provider", "max-message-mib", "poll", "warm-up"))


def test_trainings_lie_in_the_filters_folder_unless_told_otherwise() -> None:
    assert load_config(["--filters", "f"], {}).trainings_folder == Path("f/trainings")
    assert load_config(["--filters", "f", "--trainings", "t"], {}).trainings_folder == Path("t")


def test_several_devices_may_train() -> None:
    assert load_config(["--training-devices", "cuda:0, cuda:1"], {}).training_devices == "cuda:0,cuda:1"


def test_tensorrt_and_the_sizes_to_be_warm_for_are_chosen_by_name(tmp_path: Path) -> None:
    file = write(tmp_path, 'provider = "tensorrt"\ntensorrt_cache = "engines"\nwarm_up = "256, 1024"')
    config = load_config(["--config", file], {})
    assert (config.provider, config.tensorrt_cache) == (Provider.TENSORRT, Path("engines"))
    assert config.warm_up == (256, 1024)
    assert load_config([], {"PLEINAIR_WARM_UP": "512"}).warm_up == (512,)


@pytest.mark.parametrize("text", ["1MiB", "2GiB", "1536MiB", "3TiB", "1.7MiB", "1000.123GiB"])
def test_memory_is_written_as_it_is_read(text: str) -> None:
    count = MEMORY.read(text)
    assert MEMORY.read(MEMORY.write(count)) == count
