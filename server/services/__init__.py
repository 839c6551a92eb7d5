"""gRPC to handlers and back: conversion only, no decisions."""
