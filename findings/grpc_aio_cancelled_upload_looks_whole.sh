#!/usr/bin/env bash
# grpcio 1.85.1, grpc.aio: when a client cancels a call whose requests are a stream, the server's "async for" over the
# requests ends as it does after the last request. Nothing is raised there, and the context calls the call neither
# cancelled nor done at that moment; CancelledError comes at the next await that really waits. A method that answers, or
# stores, what it received as soon as the stream ends takes half an upload for a whole one.
# Seen (30 Nov 2026, Python 3.11):
#   {'loop': (2, False, False), 'wait': 'CancelledError'}: the loop ended after 2 of 3 requests, cancelled() and done()
#   were False, and the first wait raised
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check grpcio==1.85.1
"$folder/env/bin/python" - <<'END'
import asyncio
import sys

import grpc

seen = {}


async def upload(requests, context):
    received = 0
    async for _ in requests:
        received += 1
    seen["loop"] = (received, context.cancelled(), context.done())
    try:
        await asyncio.sleep(5)
    except asyncio.CancelledError:
        seen["wait"] = "CancelledError"
        raise
    return b""


async def two_of_three(sent):
    for _ in range(2):
        yield b"part"
    sent.set()
    await asyncio.sleep(60)
    yield b"part"


async def main():
    server = grpc.aio.server()
    handler = grpc.stream_unary_rpc_method_handler(upload)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("s", {"Upload": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        sent = asyncio.Event()
        call = channel.stream_unary("/s/Upload")(two_of_three(sent))
        await sent.wait()
        await asyncio.sleep(0.5)
        call.cancel()
        await asyncio.sleep(1)
    await server.stop(0)


asyncio.run(main())
print(seen)
if seen != {"loop": (2, False, False), "wait": "CancelledError"}:
    sys.exit("changed")
END
