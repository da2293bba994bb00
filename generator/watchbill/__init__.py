"""watchbill compiles specs of services and alerts into proven monitoring configuration."""
