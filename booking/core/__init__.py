"""What every room stands on: clock, money, database, outbox, audit trail, print, errors, settings."""
