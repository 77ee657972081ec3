"""Many parents at once, as locust plays them, against a real server on this machine."""
