"""Learns unpaired image-to-image translation and exports it as one-file filters. Imports neither grpc nor ``server``."""
