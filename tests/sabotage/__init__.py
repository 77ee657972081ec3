"""Guards that are taken out one by one of a copy of the source; `make sabotage` says which test notices each."""
