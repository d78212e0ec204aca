"""How long things take and how much room they need, measured; nothing here passes or fails."""
