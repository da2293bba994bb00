"""The whole stack on loopback, for people who break it to see what comes."""
