"""What the editors' windows show and what a press does: texts, order, what is enabled. No widget and no editor."""
