"""What the editors' windows show and do: texts, their order, what is enabled. Knows no widgets and no editor."""
