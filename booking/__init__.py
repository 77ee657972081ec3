"""Eight till Six: places, payments, registers and fair access for a primary school's day around the day."""
