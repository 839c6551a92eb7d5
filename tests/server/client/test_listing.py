from pleinair.v1.filters_pb2 import Filter, RejectedFile

from server.client.listing import filter_table

MONET = Filter(
    id="monet", title="Monet", source_domain="photo", target_domain="painting", method="cut", file_bytes=11_640_000
)


def test_filters_stand_in_columns_under_their_headings() -> None:
    assert filter_table([MONET, Filter(id="a-long-one", title="x", method="onnx", file_bytes=2_340)], []) == (
        "id          title  from -> to         method  size\n"
        "monet       Monet  photo -> painting  cut     11.6 MB\n"
        "a-long-one  x      ? -> ?             onnx    2.3 kB"
    )


def test_files_that_are_not_served_follow_with_their_reasons() -> None:
    table = filter_table([MONET], [RejectedFile(file_name="x.onnx", reason="It is truncated; copy it again.")])
    assert table.splitlines()[-1] == "x.onnx is not served: It is truncated; copy it again."


def test_no_filters_are_said_to_be_none() -> None:
    assert filter_table([], []) == "There are no filters."


def test_nothing_that_a_server_says_reaches_the_terminal_as_a_command() -> None:
    forging = Filter(id="monet", title="Monet\x1b[2J\nforged", method="cut")
    table = filter_table([forging], [RejectedFile(file_name="x\n.onnx", reason="\u202eno")])
    assert len(table.splitlines()) == 3
    assert all(line.isprintable() for line in table.splitlines())
