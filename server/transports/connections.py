"""How gRPC treats connections, so that those who idle, vanish or flood hold nobody else up."""

from __future__ import annotations

MOST_CALLS_OF_A_CONNECTION = 100
PING_SECONDS = 30  # of silence, after which a peer is asked whether it is there; so long it may take to answer
HANDSHAKE_SECONDS = 10  # for TLS and HTTP/2's first frames
MOST_WAITING_CALLS = 20_000  # of all connections; beyond them gRPC cancels calls at random, whoever's they are
IDLE_SECONDS = 1800  # without a call; clients connect again when they need to

CONNECTION_OPTIONS = (
    ("grpc.so_reuseport", 0),  # a port in use is an error, not a second server behind it
    ("grpc.max_send_message_length", -1),  # a PNG may be larger than the JPEG that it comes from
    ("grpc.max_concurrent_streams", MOST_CALLS_OF_A_CONNECTION),
    ("grpc.server.max_pending_requests", MOST_WAITING_CALLS),
    ("grpc.server.max_pending_requests_hard_limit", MOST_WAITING_CALLS),
    ("grpc.keepalive_time_ms", PING_SECONDS * 1000),
    ("grpc.keepalive_timeout_ms", PING_SECONDS * 1000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),  # as many as it takes
    # Proxies and clients may ask as often; else they are sent away for it.
    ("grpc.http2.min_ping_interval_without_data_ms", PING_SECONDS * 1000 // 3),
    ("grpc.server_handshake_timeout_ms", HANDSHAKE_SECONDS * 1000),
    ("grpc.max_connection_idle_ms", IDLE_SECONDS * 1000),
)
