"""One translation: what is asked and told, its picture as it comes and goes, the preview, the computation."""
