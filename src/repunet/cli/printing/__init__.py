"""What commands print: tables for people, JSON for scripts, progress that suits the place."""
