"""What is free, by what the kernel says."""

from __future__ import annotations

from pathlib import Path

from server.engine.memory import free_memory

MEMINFO = "MemTotal:       24684544 kB\nMemFree:        11684544 kB\nMemAvailable:       2048 kB\n"


def machine(root: Path, cgroup: str = "", **groups: tuple[str, str]) -> Path:
    """The kernel's files; each group's limit and use."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/meminfo").write_text(MEMINFO)
    (root / "proc/self/cgroup").write_text(cgroup)
    for name, (limit, used) in groups.items():
        group = root / "sys/fs/cgroup" / name.replace("__", "/")
        group.mkdir(parents=True, exist_ok=True)
        (group / "memory.max").write_text(limit + "\n")
        (group / "memory.current").write_text(used + "\n")
        (group / "memory.stat").write_text("anon 5\ninactive_file 100\n")
    return root


def test_without_control_groups_it_is_what_the_kernel_calls_available(tmp_path: Path) -> None:
    assert free_memory(machine(tmp_path)) == 2 << 20


def test_a_control_group_limits_it_and_files_in_memory_are_no_loss(tmp_path: Path) -> None:
    assert free_memory(machine(tmp_path, "0::/a/b\n", a__b=("5000", "1000"))) == 4100


def test_the_outer_groups_limit_it_too(tmp_path: Path) -> None:
    root = machine(tmp_path, "1:name=x:/\n0::/a/b\n", a__b=("max", "1000"), a=("3000", "1000"))
    assert free_memory(root) == 2100


def test_a_group_without_a_limit_does_not(tmp_path: Path) -> None:
    assert free_memory(machine(tmp_path, "0::/a\n", a=("max", "1000"))) == 2 << 20


def test_where_the_kernel_says_nothing_it_is_half_of_the_memory(tmp_path: Path) -> None:
    assert free_memory(tmp_path) > 1 << 20
