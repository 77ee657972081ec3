"""A stand-in for Stripe's HTTP API on this machine: test money only, for what the product uses and no more."""
