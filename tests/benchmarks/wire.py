"""What the plug-ins' own wire costs: ``python -m tests.benchmarks.wire``.

A 4096 x 4096 RGBA layer (64 MiB) goes to a server that only sends it back, through the plug-ins' client and through
grpcio, in turns; the medians are compared. While it travels, a thread that wants to run every 5 ms says for how long it
could not: an editor's interface would have stood still for as long.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import grpc
import numpy as np
from pleinair.v1 import translation_pb2, translation_pb2_grpc

import plugins.client
from plugins.client.messages import Channels, PixelFormat, SampleType, TranslateHeader
from server.client.translations import wire_chunks, wire_header
from tests.certificates import make_certificate

TICK = 0.005  # seconds
MESSAGE_BYTES = 4 << 20


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.wire", description="The wire against grpcio.")
    parser.add_argument("--size", type=int, default=4096, help="side of the square layer, in pixels (default: 4096)")
    parser.add_argument("--rounds", type=int, default=9, help="timed rounds (default: 9)")
    parser.add_argument("--echo", nargs=2, metavar=("CERTIFICATE", "KEY"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.echo:
        _serve(*map(Path, options.echo))
    pixels = np.random.default_rng(0).integers(0, 256, (options.size, options.size, 4), np.uint8)
    print(f"{'':>9} {'grpcio':>9} {'plug-ins':>9} {'ratio':>6}   longest stall of an interface, median and worst")
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = make_certificate(Path(folder))
        with _echo_process(certificate, key) as (plain, encrypted):
            _row("plain", plain, None, pixels, options.rounds)
            _row("encrypted", encrypted, certificate, pixels, options.rounds)
    return 0


def _row(name: str, address: str, certificate: Path | None, pixels: np.ndarray, rounds: int) -> None:
    fingerprint = plugins.client.server_fingerprint(address) if certificate else ""
    endpoint = plugins.client.Endpoint(address, tls=certificate is not None, fingerprint=fingerprint)
    with plugins.client.Client(endpoint) as ours, _channel(address, certificate) as channel:
        stub = translation_pb2_grpc.TranslationServiceStub(channel)
        theirs, mine, stalls = _alternate(lambda: _grpcio(stub, pixels), lambda: _plugin(ours, pixels), rounds=rounds)
    print(
        f"{name:>9} {theirs:>7.3f} s {mine:>7.3f} s {mine / theirs:>6.2f}"
        f"   {statistics.median(stalls) * 1000:.0f} ms, {max(stalls) * 1000:.0f} ms",
        flush=True,
    )


def _alternate(
    theirs: Callable[[], None], ours: Callable[[], None], *, rounds: int
) -> tuple[float, float, list[float]]:
    """Median seconds of each after one round that does not count, and the longest stall in each round of ours."""
    seconds: tuple[list[float], list[float]] = ([], [])
    stalls = []
    for _ in range(rounds + 1):
        with _ticking():
            seconds[0].append(_timed(theirs))
        with _ticking() as gaps:
            seconds[1].append(_timed(ours))
        stalls.append(max(gaps))
    return statistics.median(seconds[0][1:]), statistics.median(seconds[1][1:]), stalls[1:]


def _timed(run: Callable[[], None]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


@contextmanager
def _ticking() -> Iterator[list[float]]:
    """Fills the list with how late each tick of an interface thread was."""
    late: list[float] = [0.0]
    over = threading.Event()

    def tick() -> None:
        last = time.perf_counter()
        while not over.is_set():
            time.sleep(TICK)
            now = time.perf_counter()
            late.append(now - last - TICK)
            last = now

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        yield late
    finally:
        over.set()
        thread.join()


def _plugin(client: plugins.client.Client, pixels: np.ndarray) -> None:
    height, width, _ = pixels.shape
    rgba = PixelFormat(channels=Channels.RGBA, sample_type=SampleType.UINT8)
    header = TranslateHeader(filter_id="echo", width=width, height=height, pixel_format=rgba)
    result = client.translate(header, pixels.data, on_progress=lambda progress: None)
    assert result.pixels == pixels.data.cast("B")


def _grpcio(stub: translation_pb2_grpc.TranslationServiceStub, pixels: np.ndarray) -> None:
    def frames() -> Iterator[translation_pb2.TranslateRequest]:
        yield translation_pb2.TranslateRequest(header=wire_header("echo", pixels))
        for chunk in wire_chunks(pixels):
            yield translation_pb2.TranslateRequest(pixels=chunk)

    result, filled = bytearray(pixels.nbytes), 0
    for reply in stub.Translate(frames()):
        result[filled : filled + len(reply.pixels)] = reply.pixels
        filled += len(reply.pixels)
    assert result == pixels.data.cast("B")


def _channel(address: str, certificate: Path | None) -> grpc.Channel:
    options = [("grpc.max_receive_message_length", MESSAGE_BYTES)]
    if certificate is None:
        return grpc.insecure_channel(address, options)
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(certificate.read_bytes()), options)


@contextmanager
def _echo_process(certificate: Path, key: Path) -> Iterator[tuple[str, str]]:
    """The addresses of a server that sends back what it gets, without and with encryption."""
    command = [sys.executable, "-m", "tests.benchmarks.wire", "--echo", str(certificate), str(key)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        plain, encrypted = process.stdout.readline().split()
        yield plain, encrypted
    finally:
        process.terminate()
        process.communicate(timeout=60)


def _serve(certificate: Path, key: Path) -> None:
    """Stores all pixel frames and then sends them back: a request's frame of pixels is an answer's, byte for byte."""

    def echo(frames: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        return iter(list(frames)[1:])

    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.stream_stream_rpc_method_handler(echo)
    service = grpc.method_handlers_generic_handler("pleinair.v1.TranslationService", {"Translate": handler})
    server = grpc.server(ThreadPoolExecutor(4), options=[("grpc.max_receive_message_length", MESSAGE_BYTES)])
    server.add_generic_rpc_handlers((service,))
    plain = server.add_insecure_port("127.0.0.1:0")
    credentials = grpc.ssl_server_credentials([(key.read_bytes(), certificate.read_bytes())])
    encrypted = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    print(f"127.0.0.1:{plain} 127.0.0.1:{encrypted}", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    sys.exit(main())
