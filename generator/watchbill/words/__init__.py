"""Questions about a Bundle, and their answers in English; `yamltext` writes YAML that people read."""
