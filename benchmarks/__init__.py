"""What is measured, one command each; figures are printed with their ratio to the floor, never asserted."""
