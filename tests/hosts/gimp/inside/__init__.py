"""Runs inside GIMP: what the tests can ask of it. ``serving`` takes the requests; any public function may be asked."""
