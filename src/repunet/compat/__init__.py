"""What the reference implementation wrote, read into our words and written back."""
