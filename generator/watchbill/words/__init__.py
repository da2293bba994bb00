"""Questions about a Bundle, and their answers in English."""
