"""What authors may write, one model per kind of document."""
