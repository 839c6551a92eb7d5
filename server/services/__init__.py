"""gRPC to handlers and back: nothing is decided here."""
