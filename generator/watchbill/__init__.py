"""watchbill compiles services, SLOs and alerts into proven monitoring configuration."""
