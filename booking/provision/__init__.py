"""The calendar, sellers, activities, runs and their dated sessions."""
