"""Double entry in whole pence; every balance is a sum."""
